"""One websocket: frames in, through the session, to the conversation, and back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed

from scumble_protocol.errors import ScumbleError, ServerError
from scumble_protocol.messages import AskNames, Hello, ListModels, Measure, Refused
from scumble_protocol.pairing import AskClients, OfferPairing, Pair, Revoke
from scumble_protocol.session import BlobArrived, BlobSpoilt, ServerSession
from scumble_server.clients.outbox import Outbox
from scumble_server.clients.pace import Pace, Traffic
from scumble_server.clients.questions import Questions
from scumble_server.clients.users import shown_name
from scumble_server.logs import about

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from scumble_protocol.messages import ClientMessage
    from scumble_protocol.session import InvalidSubmit
    from scumble_server.clients.conversation import Conversation
    from scumble_server.clients.line import Line
    from scumble_server.clients.link_limits import LinkLimits
    from scumble_server.clients.reception import OwnersQuestion, Reception
    from scumble_server.clients.service import Service

POLICY_VIOLATION = 1008
"""https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1"""

_PARTING_SECONDS = 5.0
"""For a client to take the last words; one that does not read is not waited for."""

_LOOKS = 8
"""How often its pace is looked at, in the shortest time that counts."""

_log = logging.getLogger(__name__)


class _TooSlowError(Exception):
    """A connection does not move; says why."""


class Connection:
    """A client's connection, from its first frame to its end.

    Args:
        websocket: The open websocket.
        service: The server.
        reception: Who may come in.
        links: How long is waited, and how much is kept.
        questions: Where questions are answered.
    """

    def __init__(
        self,
        websocket: Line,
        service: Service,
        reception: Reception,
        *,
        links: LinkLimits,
        questions: Executor,
    ) -> None:
        self._websocket = websocket
        self._service = service
        self._reception = reception
        self._links = links
        self._questions = questions
        self._user = ""
        self._session = ServerSession(
            service.limits, self._authorize, read_base=service.store.piece
        )
        self._outbox = Outbox(self._session, service.store, links.outbox_bytes)
        self._conversation: Conversation | None = None
        self._is_sending = False
        self._sent = 0
        self._is_welcome = True
        self._parting: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Talk to the client until either side ends it."""
        work = (self._receive_all(), self._send_all(), self._watch())
        tasks = [asyncio.create_task(one) for one in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for error in await asyncio.gather(*tasks, return_exceptions=True):
                _note(error)
            await self._part()

    async def told(self) -> None:
        """Wait until all messages to the client are on their way."""
        await self._outbox.told()

    def send_away(self) -> None:
        """End it; the client may not come again."""
        self._is_welcome = False
        self._parting = asyncio.create_task(self._websocket.close(POLICY_VIOLATION))

    async def _receive_all(self) -> None:
        frame = await asyncio.wait_for(self._websocket.recv(), self._links.hello_seconds)
        for event in self._session.receive(_binary(frame)):
            if isinstance(event, Hello):
                with about(client=shown_name(event.client), user=self._user):
                    await self._visit(event)
            elif isinstance(event, Pair):
                await self._pair(event)

    async def _pair(self, pair: Pair) -> None:
        try:
            answer = await self._reception.pair(pair, self._websocket.host)
        except ScumbleError as error:
            _log.warning("A client was not paired: %s", error.code.value)
            await self._websocket.send(self._session.send(_refused(error)))
        else:
            await self._websocket.send(self._session.send(answer))

    async def _visit(self, hello: Hello) -> None:
        self._websocket.let_in(self._service.limits.message_bytes)
        self._reception.came(self, self._user)
        conversation = self._service.connect(
            hello, self._session.encodings, self._outbox, self._user
        )
        self._conversation = conversation
        try:
            await self._converse(conversation)
        finally:
            self._reception.left(self)
            self._service.disconnect(conversation)

    async def _converse(self, conversation: Conversation) -> None:
        storing: set[asyncio.Task[None]] = set()
        questions = Questions(
            self._service.answer,
            self._outbox.send,
            self._service.limits.prompt_chars,
            self._questions,
        )
        async for frame in self._websocket:
            if not self._is_welcome:
                break
            events = self._session.receive(_binary(frame))
            for event in events:
                if isinstance(event, BlobArrived):
                    # Written while the next picture comes in. There are never more of them than
                    # were asked for, which is bounded by bytes.
                    task = asyncio.create_task(self._store(conversation, event))
                    storing.add(task)
                    task.add_done_callback(storing.discard)
                elif isinstance(event, (Measure, AskNames)):
                    questions.ask(event)
                else:
                    await self._obey(event, conversation)
            await self._outbox.room()
            if not events:  # a piece: a few bytes may stand for a megabyte that was copied
                await asyncio.sleep(0)
        await asyncio.gather(*storing)
        await questions.end()

    async def _obey(
        self, event: ClientMessage | BlobSpoilt | InvalidSubmit, conversation: Conversation
    ) -> None:
        if isinstance(event, BlobSpoilt):
            conversation.blob_spoilt(event.blob)
        elif isinstance(event, (OfferPairing, AskClients, Revoke)):
            await self._obey_owner(event)
        elif not isinstance(event, ListModels) or not await self._have_models_changed():
            with about(job=getattr(event, "job", "")):
                conversation.receive(event)

    async def _obey_owner(self, question: OwnersQuestion) -> None:
        try:
            self._outbox.send(await self._reception.answer(question, self._user))
        except ScumbleError as error:
            self._outbox.send(_refused(error))

    async def _have_models_changed(self) -> bool:
        """Whether files of models came or went; everybody, also who asked, is told so."""
        loop = asyncio.get_running_loop()
        models = await loop.run_in_executor(self._questions, self._service.look_up_models)
        return self._service.show(models)

    async def _store(self, conversation: Conversation, event: BlobArrived) -> None:
        try:
            await asyncio.to_thread(self._service.store.put, event.blob, event.data)
        except ServerError as error:
            conversation.blob_failed(event.blob, error)
        else:
            conversation.blob_stored(event)

    async def _send_all(self) -> None:
        async for frame in self._outbox.frames():
            self._is_sending = True
            if len(frame) > self._links.stall_bytes:
                await self._websocket.send(self._pieces(frame))
            else:
                await self._websocket.send(frame)
            self._is_sending = False
            self._sent += 1

    def _pieces(self, frame: bytes) -> Iterator[bytes]:
        """A long frame in fragments, so that it shows how a slow client gets on with it."""
        for start in range(0, len(frame), self._links.stall_bytes):
            yield frame[start : start + self._links.stall_bytes]
            self._sent += 1

    async def _watch(self) -> None:
        """Look at the pace until it is too slow.

        Raises:
            _TooSlowError: It is.
        """
        pause = min(self._links.stall_seconds, self._links.silent_seconds) / _LOOKS
        loop = asyncio.get_running_loop()
        pace = Pace(self._links, loop.time())
        while True:
            await asyncio.sleep(pause)
            if fault := pace.fault(loop.time(), self._traffic()):
                # Now, for it takes no goodbye either.
                self._websocket.transport.abort()
                raise _TooSlowError(fault)

    def _traffic(self) -> Traffic:
        expected = self._conversation.expected if self._conversation else 0
        return Traffic(self._websocket.received, self._sent, self._is_sending, expected)

    async def _part(self) -> None:
        # Whether it takes them or not, and whether anybody is there or not.
        with contextlib.suppress(ConnectionClosed, TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(self._say_last_words(), _PARTING_SECONDS)
        if self._parting is not None:
            await asyncio.gather(self._parting, return_exceptions=True)

    async def _say_last_words(self) -> None:
        for frame in self._session.frames_to_send():
            await self._websocket.send(frame)
        is_fault = self._session.closed or not self._is_welcome
        await self._websocket.close(POLICY_VIOLATION if is_fault else 1000)

    def _authorize(self, hello: Hello) -> ScumbleError | None:
        try:
            self._user = self._reception.admit(hello, self._websocket.host)
        except ScumbleError as error:
            _log.warning("A client was sent away: %s", error.code.value)
            return error
        return None


def _refused(error: ScumbleError) -> Refused:
    return Refused("", error.code, error.message, error.hint)


def _note(error: BaseException | None) -> None:
    """Log why a connection ended."""
    if isinstance(error, asyncio.TimeoutError):
        _log.warning("A client did not say hello.")
    elif isinstance(error, _TooSlowError):
        _log.warning("A client %s, and its connection was closed.", error)
    elif isinstance(error, ScumbleError):
        _log.warning("A client was sent away: %s", error)
    elif isinstance(error, Exception) and not isinstance(error, ConnectionClosed):
        _log.error("A connection failed.", exc_info=error)


def _binary(frame: str | bytes) -> bytes:
    # A text frame is no msgpack of ours, and the session says so.
    return frame if isinstance(frame, bytes) else frame.encode()
