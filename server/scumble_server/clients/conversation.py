"""One client's side of the service: what it asked for, and the pictures that are on their way."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from scumble_protocol.errors import ErrorCode, RequestError, ScumbleError
from scumble_protocol.images import Likeness
from scumble_protocol.job_list import AskJobs
from scumble_protocol.messages import (
    Acknowledge,
    AskStatus,
    Attach,
    Cancel,
    Cancelled,
    Forget,
    JobEvent,
    ListModels,
    Refused,
    Submit,
    Want,
)
from scumble_protocol.session import BlobArrived, InvalidSubmit
from scumble_server.clients.outbox import lost_picture
from scumble_server.clients.users import shown_name
from scumble_server.jobs.journal import Sender
from scumble_server.jobs.schema import LOCAL

if TYPE_CHECKING:
    from scumble_protocol.messages import ClientMessage
    from scumble_protocol.requests import Request
    from scumble_server.clients.service import Peer, Service


_MOST_WANTED = 4096
"""The results of all the jobs that a client may have are far fewer."""


@dataclass
class _Arriving:
    """A job that was submitted and whose blobs are not all here; they are held for it."""

    request: Request
    bases: dict[str, str]
    """What the client says that its pictures are like."""
    missing: set[str]

    def lengths(self, blob: str) -> set[int]:
        """The lengths in bytes that the request says the blob has."""
        return {image.length for image in self.request.blobs if image.blob == blob}


class Conversation:
    """What one connection has asked for.

    Args:
        service: The server.
        peer: The way to the client.
        user: Whose it is; what is not this user's is to it as if it did not exist.
        client: The name of the program, for people.
    """

    def __init__(self, service: Service, peer: Peer, user: str, client: str) -> None:
        self._service = service
        self._peer = peer
        self._user = user
        self._client = shown_name(client)
        # Somebody who was let in gets one turn, by however many connections they come.
        self._owner = secrets.token_hex(8) if user == LOCAL else user
        self._arriving: dict[str, _Arriving] = {}
        self._coming: dict[str, int] = {}
        """The blobs that were asked for and are not here, with their bytes."""
        self._bases: dict[str, str] = {}
        """The bases of those; they are held until then."""

    def receive(self, message: ClientMessage | InvalidSubmit) -> None:
        """Do what the client says; what it must not do is refused."""
        job = message.job if isinstance(message, (Submit, InvalidSubmit, Attach)) else ""
        try:
            self._obey(message)
        except ScumbleError as error:
            self._refuse(job, error)

    def blob_stored(self, arrived: BlobArrived) -> None:
        """A blob that was wanted is on disk."""
        self._came(arrived.blob)
        self._service.pictures.sent(self._user, arrived.blob)
        for job, arriving in tuple(self._arriving.items()):
            if arrived.blob in arriving.missing:
                arriving.missing.discard(arrived.blob)
                if len(arrived.data) not in arriving.lengths(arrived.blob):
                    self._drop(job, _wrong_length(len(arrived.data)))
        self._proceed()

    def blob_failed(self, blob: str, error: ScumbleError) -> None:
        """A blob that was wanted came, and could not be stored."""
        self._came(blob)
        for job, arriving in tuple(self._arriving.items()):
            if blob in arriving.missing:
                self._drop(job, error)
        self._proceed()

    def blob_spoilt(self, blob: str) -> None:
        """A blob that was wanted came wrong, by its base: it has to come whole."""
        self._came(blob)
        for arriving in self._arriving.values():
            arriving.bases.pop(blob, None)
        self._proceed()

    @property
    def expected(self) -> int:
        """The number of pictures that were asked for and are not here."""
        return len(self._coming)

    def end(self) -> None:
        """The client is gone: what was not accepted is dropped, it will be submitted again."""
        for arriving in self._arriving.values():
            self._release(arriving)
        self._arriving.clear()
        self._service.store.release(self._bases.values())
        self._bases.clear()
        self._service.book.unwatch(self._tell)

    def _obey(self, message: ClientMessage | InvalidSubmit) -> None:
        if isinstance(message, Submit):
            self._submit(message)
        elif isinstance(message, InvalidSubmit):
            raise message.error
        elif isinstance(message, Want):
            self._send_blobs(message)
        elif isinstance(message, Attach):
            if not self._is_mine(message.job):
                _unknown(message.job)
            self._service.book.watch(message.job, message.after, self._tell)
        elif isinstance(message, (Cancel, Acknowledge, Forget)):
            self._settle(message)
        elif isinstance(message, (ListModels, AskStatus, AskJobs)):
            self._answer(message)

    def _answer(self, message: ListModels | AskStatus | AskJobs) -> None:
        if isinstance(message, AskJobs):
            book = self._service.book
            self._peer.send(book.summaries(self._user, message.before, message.most))
        else:
            is_list = isinstance(message, ListModels)
            self._peer.send(self._service.models() if is_list else self._service.status())

    def _settle(self, message: Cancel | Acknowledge | Forget) -> None:
        book = self._service.book
        if isinstance(message, Cancel):
            self._cancel(message.job)
        elif isinstance(message, Acknowledge):
            # Sent before its end, it can't mean a result; there is nothing to do then.
            if self._is_mine(message.job) and not book.is_live(message.job):
                book.acknowledge(message.job)
        else:
            if self._is_mine(message.job):
                book.forget(message.job)
            self._cancel(message.job)

    def _submit(self, message: Submit) -> None:
        if self._service.book.knows(message.job):
            self._join(message.job, message.request)
            return
        if self._service.book.waiting + len(self._arriving) >= self._service.limits.queue_length:
            raise RequestError(
                ErrorCode.QUEUE_FULL,
                f"{self._service.book.waiting} jobs are waiting already.",
                "Wait for some to finish, or cancel them.",
            )
        self._service.check(message.request)
        _check_bytes(message.request, self._service.links.job_bytes)
        store = self._service.store
        names = {image.blob for image in message.request.blobs}
        store.hold(image.blob for image in message.request.blobs)
        missing = {name for name in names if not self._has(name)}
        bases = {likeness.blob: likeness.base for likeness in message.bases}
        self._arriving[message.job] = _Arriving(message.request, bases, missing)
        self._proceed()

    def _join(self, job: str, request: Request) -> None:
        # Of another user's job no more can be learnt than that its name, which nobody guesses, is
        # taken.
        if not self._is_mine(job) or self._service.book.request(job) != request:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"There is another job by the name of {job}.",
                "Send it again under a new name.",
            )
        self._service.book.watch(job, 0, self._tell)

    def _proceed(self) -> None:
        """Accept the jobs whose blobs are here; want those of the first that lacks some.

        One job's blobs at a time, and no more than so many bytes, so that what a client can have on
        its way is bounded.
        """
        for job, arriving in tuple(self._arriving.items()):
            arriving.missing = {blob for blob in arriving.missing if not self._has(blob)}
            if not arriving.missing:
                self._accept(job, self._arriving.pop(job))
        first = next(iter(self._arriving.values()), None)
        if first is not None:
            self._want(first)

    def _want(self, arriving: _Arriving) -> None:
        """Want as many of the blobs that a job lacks as may be on their way at once."""
        wanted: dict[str, int] = {}
        room = self._service.links.upload_bytes - sum(self._coming.values())
        for blob in sorted(arriving.missing - self._coming.keys()):
            length = max(arriving.lengths(blob))
            if length > room and (self._coming or wanted):
                break
            room -= length
            wanted[blob] = length
        if wanted:
            self._coming.update(wanted)
            self._peer.send(Want(tuple(wanted), self._hold_bases(arriving, wanted)))

    def _hold_bases(self, arriving: _Arriving, wanted: dict[str, int]) -> tuple[Likeness, ...]:
        """The bases that are here of blobs with their bytes; held until these came."""
        store = self._service.store
        bases = {
            blob: base
            for blob, base in arriving.bases.items()
            if blob in wanted and self._has(base) and store.length(base) == wanted[blob]
        }
        store.hold(bases.values())
        self._bases.update(bases)
        return tuple(Likeness(blob, base) for blob, base in bases.items())

    def _came(self, blob: str) -> None:
        """A blob that was asked for is no longer on its way."""
        self._coming.pop(blob, None)
        if (base := self._bases.pop(blob, None)) is not None:
            self._service.store.release([base])

    def _accept(self, job: str, arriving: _Arriving) -> None:
        try:
            if not self._service.book.knows(job):
                sender = Sender(self._user, self._owner, self._client)
                self._service.submit(job, sender, arriving.request, self._tell)
                return
            self._join(job, arriving.request)
        except ScumbleError as error:
            self._refuse(job, error)
        self._release(arriving)

    def _drop(self, job: str, error: ScumbleError) -> None:
        self._release(self._arriving.pop(job))
        self._refuse(job, error)

    def _cancel(self, job: str) -> None:
        if job in self._arriving:
            self._release(self._arriving.pop(job))
            self._peer.send(Cancelled(job, 1))
            self._proceed()
        elif self._is_mine(job) and self._service.book.is_live(job):
            self._service.cancel(job)

    def _send_blobs(self, message: Want) -> None:
        wanted = dict.fromkeys(message.blobs)
        if len(wanted) > _MOST_WANTED:
            raise RequestError(
                ErrorCode.TOO_LARGE,
                f"{len(wanted)} pictures are asked for at once.",
                f"Ask for {_MOST_WANTED} at most.",
            )
        lost = {blob for blob in wanted if not self._has(blob)}
        for blob in wanted:  # in the order in which they were asked for
            if blob not in lost:
                self._peer.send_blob(blob)
        if lost:  # said once, however many they are
            self._peer.send(lost_picture())

    def _is_mine(self, job: str) -> bool:
        return self._service.book.user_of(job) == self._user

    def _has(self, blob: str) -> bool:
        return self._service.pictures.has(self._user, blob)

    def _release(self, arriving: _Arriving) -> None:
        self._service.store.release(image.blob for image in arriving.request.blobs)

    def _refuse(self, job: str, error: ScumbleError) -> None:
        self._peer.send(Refused(job, error.code, error.message, error.hint))

    def _tell(self, event: JobEvent) -> None:
        self._peer.send(event)


def _wrong_length(length: int) -> RequestError:
    return RequestError(
        ErrorCode.BAD_PICTURE,
        f"A picture came with {length} bytes, which is not what its size takes.",
        "Update Scumble on both sides to the same version.",
    )


def _check_bytes(request: Request, most: int) -> None:
    total = sum({image.blob: image.length for image in request.blobs}.values())
    if total > most:
        raise RequestError(
            ErrorCode.TOO_LARGE,
            f"The pictures of this job take {total} bytes.",
            f"They may take {most} together; choose a smaller area or fewer guides.",
        )


def _unknown(job: str) -> NoReturn:
    raise RequestError(
        ErrorCode.UNKNOWN_JOB,
        f"The server knows no job {job}.",
        "It may have been acknowledged or forgotten; send it again.",
    )
