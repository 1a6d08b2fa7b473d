"""One client's side of the service: what it asked for, and the pictures that are on their way."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from scumble_protocol.errors import ErrorCode, RequestError, ScumbleError
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

if TYPE_CHECKING:
    from scumble_protocol.messages import ClientMessage
    from scumble_protocol.requests import Request
    from scumble_server.clients.service import Peer, Service


@dataclass
class _Arriving:
    """A job that was submitted and whose blobs are not all here; they are held for it."""

    request: Request
    missing: set[str]
    is_asked: bool = False

    def lengths(self, blob: str) -> set[int]:
        """The lengths in bytes that the request says the blob has."""
        return {image.length for image in self.request.blobs if image.blob == blob}


class Conversation:
    """What one connection has asked for.

    Args:
        service: The server.
        peer: The way to the client.
    """

    def __init__(self, service: Service, peer: Peer) -> None:
        self._service = service
        self._peer = peer
        self._owner = secrets.token_hex(8)
        self._arriving: dict[str, _Arriving] = {}

    def receive(self, message: ClientMessage | InvalidSubmit) -> None:
        """Do what the client says; what it must not do is refused."""
        job = message.job if isinstance(message, (Submit, InvalidSubmit, Attach)) else ""
        try:
            self._obey(message)
        except ScumbleError as error:
            self._refuse(job, error)

    def blob_stored(self, arrived: BlobArrived) -> None:
        """A blob that was wanted is on disk."""
        for job, arriving in tuple(self._arriving.items()):
            if arrived.blob in arriving.missing:
                arriving.missing.discard(arrived.blob)
                if len(arrived.data) not in arriving.lengths(arrived.blob):
                    self._drop(job, _wrong_length(len(arrived.data)))
        self._proceed()

    def blob_failed(self, blob: str, error: ScumbleError) -> None:
        """A blob that was wanted came, and could not be stored."""
        for job, arriving in tuple(self._arriving.items()):
            if blob in arriving.missing:
                self._drop(job, error)
        self._proceed()

    def end(self) -> None:
        """The client is gone: what was not accepted is dropped, it will be submitted again."""
        for arriving in self._arriving.values():
            self._release(arriving)
        self._arriving.clear()
        self._service.book.unwatch(self._tell)

    def _obey(self, message: ClientMessage | InvalidSubmit) -> None:
        if isinstance(message, Submit):
            self._submit(message)
        elif isinstance(message, InvalidSubmit):
            raise message.error
        elif isinstance(message, Want):
            self._send_blobs(message)
        elif isinstance(message, Attach):
            if not self._service.book.watch(message.job, message.after, self._tell):
                _unknown(message.job)
        elif isinstance(message, (Cancel, Acknowledge, Forget)):
            self._settle(message)
        elif isinstance(message, (ListModels, AskStatus)):
            is_list = isinstance(message, ListModels)
            self._peer.send(self._service.models() if is_list else self._service.status())

    def _settle(self, message: Cancel | Acknowledge | Forget) -> None:
        book = self._service.book
        if isinstance(message, Cancel):
            self._cancel(message.job)
        elif isinstance(message, Acknowledge):
            # Sent before its end, it can't mean a result; there is nothing to do then.
            if not book.is_live(message.job):
                book.forget(message.job, delete_sources=False)
        else:
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
        store = self._service.store
        names = {image.blob for image in message.request.blobs}
        store.hold(image.blob for image in message.request.blobs)
        missing = {name for name in names if not store.has(name)}
        self._arriving[message.job] = _Arriving(message.request, missing)
        self._proceed()

    def _join(self, job: str, request: Request) -> None:
        if self._service.book.request(job) != request:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"There is another job by the name of {job}.",
                "Send it again under a new name.",
            )
        self._service.book.watch(job, 0, self._tell)

    def _proceed(self) -> None:
        """Accept the jobs whose blobs are here; want those of the first that lacks some.

        One job's blobs at a time, so that what a client can have on its way is bounded by one job.
        """
        has = self._service.store.has
        for job, arriving in tuple(self._arriving.items()):
            arriving.missing = {blob for blob in arriving.missing if not has(blob)}
            if not arriving.missing:
                self._accept(job, self._arriving.pop(job))
            elif not any(other.is_asked for other in self._arriving.values()):
                arriving.is_asked = True
                self._peer.send(Want(tuple(sorted(arriving.missing))))

    def _accept(self, job: str, arriving: _Arriving) -> None:
        try:
            if not self._service.book.knows(job):
                self._service.submit(job, self._owner, arriving.request, self._tell)
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
        elif self._service.book.is_live(job):
            self._service.cancel(job)

    def _send_blobs(self, message: Want) -> None:
        for blob in message.blobs:
            self._peer.send_blob(blob)

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


def _unknown(job: str) -> NoReturn:
    raise RequestError(
        ErrorCode.UNKNOWN_JOB,
        f"The server knows no job {job}.",
        "It may have been acknowledged or forgotten; send it again.",
    )
