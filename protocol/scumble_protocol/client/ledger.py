"""What a client waits for: its jobs, their blobs, and what is to be said to the server next.

No socket, thread or clock: commands and messages go in, messages and events come out.
A job stays here from `submit` or `attach` until its user acknowledged the result, over any number
of connections.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, get_args

from scumble_protocol.blobs import Base
from scumble_protocol.client.blobcache import BlobCache
from scumble_protocol.client.events import ClientEvent, Result
from scumble_protocol.client.likenesses import Likenesses
from scumble_protocol.errors import ErrorCode, ProtocolError
from scumble_protocol.images import Likeness
from scumble_protocol.job_list import AskJobs, Jobs
from scumble_protocol.messages import (
    JOB_EVENTS,
    Accepted,
    Acknowledge,
    AskNames,
    AskStatus,
    Attach,
    Cancel,
    Cancelled,
    ClientMessage,
    Failed,
    Finished,
    Forget,
    JobEvent,
    ListModels,
    Measure,
    Measured,
    Models,
    Names,
    Refused,
    Status,
    Submit,
    Want,
)
from scumble_protocol.pairing import AskClients, Clients, OfferPairing, PairingOffer, Revoke
from scumble_protocol.requests import Request
from scumble_protocol.session import BlobArrived, ClientSessionEvent

Question = (
    ListModels | AskStatus | AskNames | Measure | AskJobs | OfferPairing | AskClients | Revoke
)
"""What is not about one job; a message of its own answers it."""

Answer = Models | Status | Measured | Names | Jobs | PairingOffer | Clients

_LASTING = (Acknowledge, Forget, *(kind for kind in get_args(Question) if kind is not Measure))
"""Messages that wait for the next connection; others are made anew from the errands, or, like
`measure`, mean nothing any more by then."""


@dataclass
class _Errand:
    """A job that this client waits for.

    Args:
        submit: What asked for it; None once the server has accepted it.
        blobs: Until then the request's blobs, afterwards those of the result that are here.
        after: The number of the last event that was seen.
        cancelled: Whether its user wants it stopped.
        finished: The account of the result, once it is there.
        delivered: Whether the result was handed over, and waits to be acknowledged.
        server: Which server has the job, see `Address`; None while that is not known.
    """

    submit: Submit | None
    blobs: dict[str, bytes] = field(default_factory=dict)
    after: int = 0
    cancelled: bool = False
    finished: Finished | None = None
    delivered: bool = False
    server: str | None = None

    def missing(self) -> tuple[str, ...]:
        """The blobs of the result that are not here yet."""
        if self.finished is None or self.delivered:
            return ()
        layers = self.finished.layers
        named = (ref.blob for layer in layers for ref in (layer.image, layer.mask))
        return tuple(blob for blob in dict.fromkeys(named) if blob not in self.blobs)


class Upload(NamedTuple):
    """A blob that is to be sent, and the base of which only the differences have to be."""

    blob: str
    data: bytes
    base: Base | None = None


class Ledger:
    """Keeps the account of one client's jobs.

    Args:
        cache: Where blobs are kept that need not travel again.
    """

    def __init__(self, cache: BlobCache) -> None:
        self._cache = cache
        self._likenesses = Likenesses(cache)
        self._errands: dict[str, _Errand] = {}
        self._outbox: deque[ClientMessage] = deque()
        self._uploads: dict[str, Upload] = {}
        self._server: str | None = None  # the last that was connected to

    # Commands of the user

    def submit(self, job: str, request: Request, blobs: Mapping[str, bytes]) -> None:
        """Ask for a job; `blobs` has the data of every blob that the request names."""
        submit = Submit(job, request, self._likenesses.of(request))
        self._errands[job] = _Errand(submit, dict(blobs))
        self._outbox.append(submit)

    def attach(self, message: Attach, server: str | None = None) -> None:
        """Wait for a job that was asked for earlier; nothing happens if it is waited for.

        Args:
            message: Which, and from where on.
            server: Which server has it; None to ask whichever is connected to next.
        """
        if message.job not in self._errands:
            errand = _Errand(None, after=message.after, server=server)
            self._errands[message.job] = errand
            if not self._is_elsewhere(errand):
                self._outbox.append(message)

    def cancel(self, message: Cancel) -> list[ClientEvent]:
        """Stop a job; nothing happens if it is not waited for.

        One that another server has can't be stopped from here; it is waited for no longer.
        """
        errand = self._errands.get(message.job)
        if errand is None or errand.finished is not None:
            return []
        if self._is_elsewhere(errand):
            del self._errands[message.job]
            return [Cancelled(message.job, errand.after + 1)]
        errand.cancelled = True
        self._outbox.append(message)
        return []

    def acknowledge(self, message: Acknowledge) -> None:
        """The result arrived where it belongs."""
        self._errands.pop(message.job, None)
        self._outbox.append(message)

    def forget(self, message: Forget) -> None:
        """Wait no longer for a job, and have the server delete it."""
        self._errands.pop(message.job, None)
        self._outbox.append(message)

    def ask(self, question: Question) -> None:
        """Ask the server something that is not about a job."""
        self._outbox.append(question)

    # The connection

    def awaiting(self, server: str = "") -> tuple[str, ...]:
        """The jobs whose events or results are still to come from this server, for `hello`."""
        return tuple(
            job
            for job, errand in self._errands.items()
            if not errand.delivered and errand.server in {None, server}
        )

    def resume(self, lost: tuple[str, ...], server: str = "") -> list[ClientEvent]:
        """Take up everything on a new connection; its server knows nothing of the `lost` jobs."""
        if server != self._server:
            self._likenesses.forget()
        self._server = server
        lasting = [message for message in self._outbox if isinstance(message, _LASTING)]
        self._outbox.clear()
        self._uploads.clear()
        events: list[ClientEvent] = []
        for job in self.awaiting(server):
            events += self._recover(job) if job in lost else self._rejoin(job)
        self._outbox.extend(lasting)
        return events

    def messages(self) -> list[ClientMessage]:
        """What is to be sent now; each message is given out once."""
        messages = list(self._outbox)
        self._outbox.clear()
        return messages

    def uploads(self) -> list[Upload]:
        """The blobs that are to be sent now; each is given out once."""
        uploads = list(self._uploads.values())
        self._uploads.clear()
        return uploads

    def receive(self, message: ClientSessionEvent) -> list[ClientEvent]:
        """What a message means for the user.

        Raises:
            ProtocolError: The server wants a blob that was never offered to it.
        """
        if isinstance(message, BlobArrived):
            return self._blob_arrived(message)
        if isinstance(message, get_args(Answer)):
            return [message]
        if isinstance(message, Want):
            self._wanted(message)
            return []
        if isinstance(message, Refused):
            return self._refused(message)
        if isinstance(message, JOB_EVENTS):
            return self._happened(message)
        raise ProtocolError(f"The server sent {message.type!r} where it makes no sense.")

    # Details

    def _is_elsewhere(self, errand: _Errand) -> bool:
        """Whether another server has the job than the one that we talk to."""
        return self._server is not None and errand.server not in {None, self._server}

    def _recover(self, job: str) -> list[ClientEvent]:
        """Go on with a job that the server does not know."""
        errand = self._errands[job]
        if errand.submit is None:
            del self._errands[job]
            return [
                Refused(
                    job,
                    ErrorCode.UNKNOWN_JOB,
                    "The server no longer knows this job.",
                    "Start it again.",
                )
            ]
        if errand.cancelled:
            del self._errands[job]
            return [Cancelled(job, errand.after + 1)]
        self._outbox.append(errand.submit)
        return []

    def _rejoin(self, job: str) -> list[ClientEvent]:
        """Go on with a job that the server knows."""
        errand = self._errands[job]
        if errand.finished is not None:
            self._outbox.append(Want(errand.missing()))
            return []
        self._outbox.append(Attach(job, errand.after))
        if errand.cancelled:
            self._outbox.append(Cancel(job))
        return []

    def _blob_arrived(self, arrived: BlobArrived) -> list[ClientEvent]:
        self._cache.put(arrived.blob, arrived.data)
        events: list[ClientEvent] = []
        for job, errand in self._errands.items():
            if arrived.blob in errand.missing():
                errand.blobs[arrived.blob] = arrived.data
                events += self._deliver(job, errand)
        return events

    def _wanted(self, want: Want) -> None:
        bases = {likeness.blob: self._base(likeness) for likeness in want.bases}
        for blob in want.blobs:
            self._uploads[blob] = Upload(blob, self._find(blob), bases.get(blob))

    def _base(self, likeness: Likeness) -> Base | None:
        """A base that was offered and is still here; of others the server is to learn nothing."""
        submits = (errand.submit for errand in self._errands.values())
        if not any(submit and likeness in submit.bases for submit in submits):
            return None
        data = self._cache.get(likeness.base)
        return None if data is None else Base(likeness.base, data)

    def _find(self, blob: str) -> bytes:
        for errand in self._errands.values():
            if blob in errand.blobs:
                return errand.blobs[blob]
        data = self._cache.get(blob)
        if data is None:
            raise ProtocolError(f"The server wants a picture that was never offered: {blob}.")
        return data

    def _refused(self, refused: Refused) -> list[ClientEvent]:
        errand = self._errands.get(refused.job)
        if errand is None:
            return [refused]
        if errand.finished is not None:
            return []  # a cancel that came too late, for instance: the result counts
        if refused.code is ErrorCode.SHUTTING_DOWN and not errand.cancelled:
            return []  # it is asked for again when the server is back
        del self._errands[refused.job]
        if errand.cancelled:
            return [Cancelled(refused.job, errand.after + 1)]
        return [refused]

    def _happened(self, event: JobEvent) -> list[ClientEvent]:
        errand = self._errands.get(event.job)
        if errand is None or event.number <= errand.after:
            return []
        errand.after, errand.server = event.number, self._server
        if isinstance(event, Finished):
            return self._finished(errand, event)
        if isinstance(event, Accepted):
            self._accepted(errand)
        if isinstance(event, (Failed, Cancelled)):
            del self._errands[event.job]
        return [event]

    def _accepted(self, errand: _Errand) -> None:
        """The server has the request on its disk: from here on its blobs are only worth caching."""
        for blob, data in errand.blobs.items():
            self._cache.put(blob, data)
        if errand.submit is not None:
            self._likenesses.accepted(errand.submit.request)
        errand.submit, errand.blobs = None, {}

    def _finished(self, errand: _Errand, finished: Finished) -> list[ClientEvent]:
        self._accepted(errand)
        errand.finished = finished
        for blob in errand.missing():
            data = self._cache.get(blob)
            if data is not None:
                errand.blobs[blob] = data
        missing = errand.missing()
        if missing:
            self._outbox.append(Want(missing))
        return self._deliver(finished.job, errand)

    def _deliver(self, job: str, errand: _Errand) -> list[ClientEvent]:
        if errand.finished is None or errand.missing():
            return []
        result = Result(job, errand.finished, errand.blobs)
        errand.delivered, errand.blobs = True, {}
        return [result]
