"""The server without its sockets: what it says to whom, and which job the worker does next."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Protocol

from scumble_protocol.choices import Sampler
from scumble_protocol.errors import RequestError, ServerError
from scumble_protocol.job_list import MOST_LISTED
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    AskNames,
    Encoding,
    JobEvent,
    Measure,
    Measured,
    ModelInfo,
    Models,
    Names,
    Phase,
    Refused,
    ServerMessage,
    Status,
    Welcome,
)
from scumble_server.clients.conversation import Conversation
from scumble_server.clients.link_limits import LinkLimits
from scumble_server.clients.pictures import UsersPictures
from scumble_server.clients.users import LOCAL
from scumble_server.jobs.outcomes import (
    Broken,
    Done,
    ModelsChanged,
    Outcome,
    Ready,
    Reported,
    Stopped,
)
from scumble_server.logs import about_job, prompts_of
from scumble_server.work.report import ProgressReport

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from scumble_protocol.errors import ScumbleError
    from scumble_protocol.messages import Device, Hello, Limits
    from scumble_protocol.requests import Request
    from scumble_server.jobs.blobstore import BlobStore
    from scumble_server.jobs.book import JobBook
    from scumble_server.jobs.journal import Sender


_log = logging.getLogger(__name__)

_GETTING_READY = ProgressReport(Phase.LOADING, 0, 1, detail="the device gets ready")
"""What a job says that was started while the worker still imports torch."""

FEATURES = ("regenerate", "fill", "remove", "expand", "upscale", "show_mask", "sketch")
"""What editors may offer; see `Welcome.features`."""


class Peer(Protocol):
    """The way to one client; neither call waits."""

    def send(self, message: ServerMessage) -> None:
        """Send a message, after those before it."""
        ...

    def send_blob(self, blob: str) -> None:
        """Send a blob from the store, chunk by chunk between messages."""
        ...


class Workforce(Protocol):
    """Who does the jobs."""

    def run(self, job: str, request: Request) -> None:
        """Do this job and tell `Service.happened` how it goes."""
        ...

    def cancel(self, job: str) -> None:
        """Stop this job."""
        ...


class Service:
    """Everything the server knows; to be used by one thread.

    Args:
        book: The jobs.
        store: The pictures.
        workforce: Who does the jobs, one at a time.
        limits: What is accepted.
        version: The server's version, for `welcome`.
        device: What is known of the device before the worker has set it up.
        look_up: Looks which models there are, given the ids of those in memory; may take a while.
        check: Refuses a request of which it is known already that it can't be done.
        answer: Answers what panels ask while one types; may take a while.
        restarts: How often the server has replaced itself because its device hung.
        links: How much one connection may have on its way.
    """

    def __init__(
        self,
        book: JobBook,
        store: BlobStore,
        workforce: Workforce,
        *,
        limits: Limits,
        version: str,
        device: Device,
        look_up: Callable[[Collection[str]], tuple[ModelInfo, ...]],
        check: Callable[[Request], None],
        answer: Callable[[Measure | AskNames], Measured | Names],
        restarts: int = 0,
        links: LinkLimits | None = None,
    ) -> None:
        self.book = book
        self.store = store
        self.limits = limits
        self.links = links or LinkLimits()
        self.pictures = UsersPictures(store, book)
        self._check = check
        self._restarts = restarts
        self.answer = answer
        self._workforce = workforce
        self._version = version
        self._device = device
        self._look_up = look_up
        self._models = look_up(())
        self._memory_used = 0
        self._started = time.monotonic()
        self._conversations: dict[Conversation, Peer] = {}
        self._is_ready = False
        self._is_busy = False
        self._at_work: str | None = None
        self._is_stopping = False
        self._closed: ScumbleError | None = None
        """Why no job is taken on, if none is."""

    def connect(
        self, hello: Hello, encodings: tuple[Encoding, ...], peer: Peer, user: str = LOCAL
    ) -> Conversation:
        """Welcome a client that may come in, and say whose it is."""
        lost = tuple(job for job in hello.awaiting if self.book.user_of(job) != user)
        peer.send(
            Welcome(
                PROTOCOL_VERSION,
                self._version,
                self._device,
                self._models,
                tuple(Sampler),
                self.limits,
                encodings,
                lost,
                FEATURES,
            )
        )
        conversation = Conversation(self, peer, user, hello.client)
        self._conversations[conversation] = peer
        return conversation

    def disconnect(self, conversation: Conversation) -> None:
        """A client is gone; the jobs that it sent go on."""
        self._conversations.pop(conversation, None)
        conversation.end()

    def begin(self) -> None:
        """Do the first of the jobs that an earlier server left."""
        self._work()

    def submit(
        self, job: str, sender: Sender, request: Request, watcher: Callable[[JobEvent], None]
    ) -> None:
        """Take on a job whose blobs are here; raises like `JobBook.accept`."""
        with about_job(job, request):
            self.book.accept(job, sender.owner, sender.user, request, watcher, client=sender.client)
            _log.info("Accepted: %s", request.kind)
            for prompt in filter(None, prompts_of(request)):
                _log.debug("Its prompt: %s", prompt)
        self._work()

    def dismiss(self, user: str) -> None:
        """Stop the jobs of a user that have not ended: nobody will fetch what comes of them."""
        for job in self.book.summaries(user, 0, MOST_LISTED).jobs:
            if self.book.is_live(job.job):
                self.cancel(job.job)

    def cancel(self, job: str) -> None:
        """Stop a job that has not ended."""
        if self.book.is_running(job):
            self._workforce.cancel(job)
        else:
            self.book.stop(job)

    def check(self, request: Request) -> None:
        """Refuse a request of which it is known already that it won't be done.

        Raises:
            ScumbleError: Why.
        """
        if self._closed is not None:
            raise self._closed
        self._check(request)

    def stop(self, why: ScumbleError | None = None) -> None:
        """From now on a stopped job was not cancelled; it stays in the journal to be done again.

        Args:
            why: What everybody is told, and who submits a job; None where clients have merely to
                come again.
        """
        self._is_stopping = True
        if why is not None:
            self._close(why)

    def park(self) -> None:
        """The running job, if there is one, is given back for the next server to do."""
        with contextlib.suppress(ServerError):  # no room yet: the next server does those again too
            self.book.settle()
        if self._at_work is not None and self.book.is_running(self._at_work):
            self.book.park(self._at_work)

    def abandon(self, error: ScumbleError) -> None:
        """The running job, if there is one, fails: the worker does not go on with it."""
        job, self._at_work = self._at_work, None
        if job is not None and self.book.is_running(job):
            with about_job(job):
                self.book.fail(job, error)
                _log_failure(error)

    def give_up(self, why: ServerError) -> None:
        """No job is begun or taken on until the worker is heard of again; waiting ones wait."""
        self._close(why)

    def look_up_models(self) -> tuple[ModelInfo, ...]:
        """The models that are there now, for `show`; may be called on another thread."""
        return self._look_up([model.id for model in self._models if model.loaded])

    def show(self, models: tuple[ModelInfo, ...]) -> bool:
        """Tell everybody of the models, if they are others than before; whether they are."""
        if models == self._models:
            return False
        self._models = models
        for peer in self._conversations.values():
            peer.send(Models(models))
        return True

    def models(self) -> Models:
        """The models, as far as they are known by now."""
        return Models(self._models)

    def status(self) -> Status:
        """How the server is."""
        kept, keep = self.book.keeping.kept(), self.book.keeping.keep
        return Status(
            time.monotonic() - self._started,
            self.book.waiting,
            self.book.running,
            self._memory_used,
            tuple(model.id for model in self._models if model.loaded),
            version=self._version,
            device=self._device,
            connections=len(self._conversations),
            restarts=self._restarts,
            trouble="" if self._closed is None else str(self._closed),
            kept_jobs=kept.jobs,
            kept_bytes=kept.bytes,
            keep_days=keep.days,
            keep_bytes=keep.bytes,
            keep_unseen_days=keep.unseen_days,
            disk_free=kept.disk_free,
        )

    def happened(self, outcome: Outcome) -> None:
        """Take in what the worker tells."""
        if isinstance(outcome, Reported):
            if self.book.is_running(outcome.job):
                self.book.report(outcome.job, outcome.report)
        elif isinstance(outcome, Ready):
            self._is_ready = True
            self._closed = None if not self._is_stopping else self._closed
            self._device = outcome.device
            self.show(outcome.models)
        elif isinstance(outcome, ModelsChanged):
            self._memory_used = outcome.memory_used
            self.show(outcome.models)
        elif isinstance(outcome, (Done, Broken, Stopped)):
            self._ended(outcome)

    def _ended(self, outcome: Done | Broken | Stopped) -> None:
        self._is_busy = False
        self._at_work = None
        if not self._is_stopping:
            self._closed = None  # whoever was given up works
        with about_job(outcome.job):
            if not self.book.is_running(outcome.job):
                self._throw_away(outcome)
            elif isinstance(outcome, Done):
                self.book.finish(outcome.job, outcome.layers, outcome.times, outcome.notes)
                seconds = sum(time.seconds for time in outcome.times)
                _log.info("Finished", extra={"seconds": round(seconds, 3)})
            elif isinstance(outcome, Broken):
                self.book.fail(outcome.job, outcome.error)
                _log_failure(outcome.error)
            elif not self._is_stopping:
                self.book.stop(outcome.job)
                _log.info("Cancelled")
        self._work()

    def _throw_away(self, outcome: Done | Broken | Stopped) -> None:
        """What came of a job that was abandoned."""
        if isinstance(outcome, Done):
            blobs = [it.blob for layer in outcome.layers for it in (layer.image, layer.mask)]
            self.store.release(blobs, delete=True)

    def _close(self, why: ScumbleError) -> None:
        self._closed = why
        for peer in self._conversations.values():
            peer.send(Refused("", why.code, why.message, why.hint))

    def _work(self) -> None:
        if self._is_busy or self._is_stopping:
            return
        job = self.book.start_next()
        if job is not None:
            self._is_busy = True
            self._at_work = job.id
            if not self._is_ready:
                self.book.report(job.id, _GETTING_READY)
            with about_job(job.id):
                _log.info("Begun")
            self._workforce.run(job.id, job.request)


def _log_failure(error: ScumbleError) -> None:
    # What is wrong with a request may quote its prompt.
    is_private = isinstance(error, RequestError)
    _log.info(
        "Failed: %s", error.code.value if is_private else error, extra={"code": error.code.value}
    )
    if is_private:
        _log.debug("It failed for this reason: %s", error)
