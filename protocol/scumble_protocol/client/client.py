"""The client: a thread that keeps the connection; jobs are put in, events are taken out."""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from scumble_protocol.client.address import Address, Locate
from scumble_protocol.client.attempts import Attempts
from scumble_protocol.client.blobcache import BlobCache
from scumble_protocol.client.events import ClientEvent, Connected, Disconnected
from scumble_protocol.client.ledger import Ledger, Question
from scumble_protocol.client.link import Arrival, Link
from scumble_protocol.errors import (
    ErrorCode,
    PeerError,
    RequestError,
    ScumbleError,
    ServerError,
    error_of,
)
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    Acknowledge,
    AskNames,
    AskStatus,
    Attach,
    Cancel,
    ClientMessage,
    Encoding,
    Forget,
    Hello,
    ListModels,
    Measure,
    Refused,
    Submit,
)
from scumble_protocol.requests import Request
from scumble_protocol.session import ClientSessionEvent

_log = logging.getLogger(__name__)

CACHE_BYTES = 256 * 2**20
_GOODBYE = ("", ErrorCode.SHUTTING_DOWN)

Draft = Callable[[], tuple[Request, Mapping[str, bytes]]]
"""Makes a request and the data of its blobs, by id; called on the client's thread."""


@dataclass(frozen=True)
class _Command:
    """Something that the user wants done; if `is_eager`, it ends a pause between attempts."""

    do: Callable[[Ledger], None]
    is_eager: bool = False


@dataclass(frozen=True)
class _Arrived:
    """Something came through this link."""

    link: Link
    arrival: Arrival


_Item = _Command | _Arrived | None
"""What wakes the thread; None asks it to end."""


class Client:
    """A client of one server.

    None of its methods waits for the network, except `wait` and, for a moment, `close`; what
    happens is taken out with `poll`. Jobs put in without a connection are sent once there is one.

    Args:
        address: Where the server is, or a function that says where it is now.
        name: The name of the program that uses the client, for the server's log.
        version: Its version.
        cache_bytes: How much to keep of what was sent and received, so that it need not be again.
    """

    def __init__(
        self,
        address: Address | Locate,
        *,
        name: str,
        version: str,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._locate: Locate = _always(address) if isinstance(address, Address) else address
        self._name = name
        self._version = version
        self._ledger = Ledger(BlobCache(cache_bytes))  # touched by the thread alone
        self._inbox: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._events: deque[ClientEvent] = deque()
        self._ready = threading.Event()
        self._reported = ""
        self._ending = False
        self._is_leaving = False
        self._attempts = Attempts()
        self._thread = threading.Thread(target=self._run, name="scumble-client", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def close(self, timeout: float = 3.0) -> None:
        """Send what was put in, end the connection, and wait up to `timeout` seconds for that."""
        self._inbox.put(None)
        self._thread.join(timeout)

    @property
    def is_alive(self) -> bool:
        """Whether the client still connects, sends and receives."""
        return self._thread.is_alive()

    def submit(self, request: Request, blobs: Mapping[str, bytes]) -> str:
        """Ask for a job; `blobs` has the data of every blob in it. Returns the job's id."""
        return self.submit_draft(lambda: (request, blobs))

    def submit_draft(self, draft: Draft) -> str:
        """Ask for a job whose request is made on the client's thread, since that takes a while.

        Returns the job's id. If the draft raises a `ScumbleError`, a `Refused` event says so.
        """
        job = uuid.uuid4().hex

        def submit(ledger: Ledger) -> None:
            try:
                request, blobs = draft()
            except ScumbleError as error:
                self._tell([Refused(job, error.code, error.message, error.hint)])
            else:
                ledger.submit(job, request, blobs)

        self._inbox.put(_Command(submit, is_eager=True))
        return job

    def attach(self, job: str, after: int = 0, server: str | None = None) -> None:
        """Wait for a job of an earlier run; its events come from number `after + 1` on.

        Args:
            job: The job's id.
            after: The number of the last event that was seen.
            server: Which server has it, see `Address`; None to ask whichever is reached next.
        """
        message = Attach(job, after)
        self._put(lambda ledger: ledger.attach(message, server))

    def cancel(self, job: str) -> None:
        """Stop a job; it overtakes any picture that is being sent."""
        message = Cancel(job)
        self._put(lambda ledger: self._tell(ledger.cancel(message)))

    def acknowledge(self, job: str) -> None:
        """Tell the server that the result is safe, so that it need not keep it."""
        message = Acknowledge(job)
        self._put(lambda ledger: ledger.acknowledge(message))

    def forget(self, job: str) -> None:
        """Have the server delete a job and all that it made."""
        message = Forget(job)
        self._put(lambda ledger: ledger.forget(message))

    def list_models(self) -> None:
        """Ask for the models; a `Models` event answers."""
        self._put(lambda ledger: ledger.ask(ListModels()))

    def ask_status(self) -> None:
        """Ask how the server is; a `Status` event answers."""
        self._put(lambda ledger: ledger.ask(AskStatus()))

    def measure(self, text: str, model: str) -> None:
        """Ask how long a prompt is; a `Measured` event answers."""
        message = Measure(text, model)
        self._put(lambda ledger: ledger.ask(message))

    def ask_names(self) -> None:
        """Ask which names prompts can use; a `Names` event answers."""
        self._put(lambda ledger: ledger.ask(AskNames()))

    def ask(self, question: Question) -> None:
        """Ask something else that is not about one job; the message that answers is an event."""
        self._put(lambda ledger: ledger.ask(question))

    def retry(self) -> None:
        """Try to connect at once, rather than after the pause between attempts."""
        self._inbox.put(_Command(lambda _: None, is_eager=True))

    def reconnect(self) -> None:
        """Look anew where the server is, and go there, since another one was chosen."""

        def leave(_: Ledger) -> None:
            self._is_leaving = True

        self._inbox.put(_Command(leave, is_eager=True))

    def soon(self, do: Callable[[], None]) -> None:
        """Have something small done on the client's thread, such as writing a file."""
        self._put(lambda _: do())

    def poll(self) -> list[ClientEvent]:
        """What happened since the last call; never waits."""
        self._ready.clear()
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds until `poll` has something to give; whether it has."""
        return self._ready.wait(timeout)

    # From here on: the thread

    def _put(self, do: Callable[[Ledger], None]) -> None:
        self._inbox.put(_Command(do))

    def _tell(self, events: list[ClientEvent]) -> None:
        if events:
            self._events.extend(events)
            self._ready.set()

    def _run(self) -> None:
        while not self._ending:
            began = time.monotonic()
            try:
                self._rest(self._attempts.pause)
                began = time.monotonic()
                self._visit()
            except ScumbleError as error:
                self._report(error)
            except Exception:  # noqa: BLE001  (for the same reason as in any worker)
                # A thread that died would leave its user waiting for ever.
                _log.exception("The client failed, and goes on.")
                self._report(_defect())
            self._attempts.ended(time.monotonic() - began, is_wanted=self._is_leaving)

    def _visit(self) -> None:
        """Connect and talk until the end; raises the `ScumbleError` that ended it."""
        if self._ending:
            return
        self._is_leaving = False
        address = self._locate()
        if self._attempts.is_barred(address):
            return
        hello = Hello(
            protocol=PROTOCOL_VERSION,
            client=self._name,
            version=self._version,
            token=address.token,
            awaiting=self._ledger.awaiting(address.server),
            encodings=() if address.is_loopback else (Encoding.ZLIB,),
        )
        try:
            link, welcome = Link.open(address, hello)
        except PeerError as error:
            self._attempts.refused(address, error)
            raise
        try:
            self._reported = ""
            events = self._ledger.resume(welcome.lost, address.server)
            self._tell([Connected(welcome, address.server), *events])
            link.listen(lambda arrival: self._inbox.put(_Arrived(link, arrival)))
            self._talk(link)
        finally:
            link.close()

    def _talk(self, link: Link) -> None:
        """Send messages as they come up and, between them, one piece of an upload at a time."""
        while True:
            for message in self._ledger.messages():
                self._say(message, link)
            if self._ending:
                return
            for upload in self._ledger.uploads():
                link.upload(*upload)
            is_sending = link.send_piece()
            for item in self._items(timeout=0.0 if is_sending else None):
                self._handle(item, link)
            if self._is_leaving:
                raise _another()

    def _say(self, message: ClientMessage, link: Link) -> None:
        try:
            link.send(message)
        except RequestError as error:
            job = message.job if isinstance(message, Submit) else ""
            refused = Refused(job, error.code, error.message, error.hint)
            self._tell(self._ledger.receive(refused))

    def _handle(self, item: _Item, link: Link | None) -> None:
        if item is None:
            self._ending = True
        elif isinstance(item, _Command):
            item.do(self._ledger)
        elif item.link is link:  # else it is left over from an earlier connection
            for message in item.link.receive(item.arrival):
                _check_stays(message)
                self._tell(self._ledger.receive(message))

    def _items(self, timeout: float | None) -> Iterator[_Item]:
        """All that has come in; waits up to `timeout` seconds (None: for ever) for the first.

        An item stays in the inbox until its turn, so that none is lost if one before it fails.
        """
        try:
            yield self._inbox.get(timeout=timeout)
            for _ in range(self._inbox.qsize()):
                yield self._inbox.get_nowait()
        except queue.Empty:
            return

    def _rest(self, seconds: float) -> None:
        """Wait before the next attempt to connect, unless the user wants something done."""
        until = time.monotonic() + seconds
        while not self._ending and (left := until - time.monotonic()) > 0:
            for item in self._items(timeout=left):
                self._handle(item, None)
                if isinstance(item, _Command) and item.is_eager:
                    self._attempts.insist()
                    return

    def _report(self, error: ScumbleError) -> None:
        if str(error) != self._reported:
            self._reported = str(error)
            self._tell([Disconnected(error)])


def _check_stays(message: ClientSessionEvent) -> None:
    """See that the server does not take its leave; raises its reason."""
    if isinstance(message, Refused) and (message.job, message.code) == _GOODBYE:
        raise error_of(message.code, message.message, message.hint)


def _another() -> PeerError:
    return PeerError(
        ErrorCode.DISCONNECTED, "Another server was chosen.", "Wait until it is reached."
    )


def _defect() -> ServerError:
    return ServerError(
        ErrorCode.INTERNAL,
        "Scumble failed in a way that it should not.",
        "Restart the editor if it does not recover, and report what its log says.",
    )


def _always(address: Address) -> Locate:
    return lambda: address
