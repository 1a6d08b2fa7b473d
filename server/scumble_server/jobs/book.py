"""The lives of all jobs: accepted, waiting, running, ended, and who is told about it."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.geometry import Size
from scumble_protocol.lifecycle import JobState, advance
from scumble_protocol.messages import (
    Accepted,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Preview,
    Progress,
    Started,
)
from scumble_protocol.pixels import PixelFormat, Pixels
from scumble_protocol.requests import LoadModel
from scumble_server.jobs.journal import Sender
from scumble_server.jobs.keeping import Keeping
from scumble_server.jobs.retention import Keep
from scumble_server.jobs.waiting import WaitingLine
from scumble_server.work.report import PreviewReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_protocol.errors import ScumbleError
    from scumble_protocol.job_list import Jobs
    from scumble_protocol.messages import PhaseTime, ResultLayer
    from scumble_protocol.requests import Request
    from scumble_server.jobs.blobstore import BlobStore
    from scumble_server.jobs.journal import Journal
    from scumble_server.work.report import Report

NUMBERS_PER_SERVER = 2**20
"""A job that is done again after a restart goes on numbering at the next multiple, since nobody
knows how many of the numbers above the last durable event were given to progress and previews."""

MOST_ATTEMPTS = 2
"""A job that was being worked on when the server ended, so often, is not begun once more."""

_log = logging.getLogger(__name__)


@dataclass
class Job:
    """A job that has not ended.

    Args:
        id: The client's name for it.
        sender: Who sent it.
        request: What it asks for.
        number: The last event's number.
        state: Where it is in its life.
        watchers: Whom its events are told.
        is_forgotten: Whether nothing is to be kept of it when it ends.
    """

    id: str
    sender: Sender
    request: Request
    number: int = 0
    state: JobState = JobState.SUBMITTED
    watchers: list[Callable[[JobEvent], None]] = field(default_factory=list)
    is_forgotten: bool = False

    def next_number(self) -> int:
        """The number of the event that is being made."""
        self.number += 1
        return self.number

    def tell(self, event: JobEvent) -> None:
        """Let the event happen and tell it to everybody who watches."""
        self.state = advance(self.state, event)
        for watcher in tuple(self.watchers):
            watcher(event)


class JobBook:
    """All jobs of a server, kept in step with the journal and the holds on blobs.

    Args:
        journal: Where they are written down.
        store: Where their pictures are.
        keep: What is kept of jobs that ended.
    """

    def __init__(self, journal: Journal, store: BlobStore, keep: Keep | None = None) -> None:
        self._journal = journal
        self._store = store
        self.keeping = Keeping(journal, store, keep or Keep())
        self._line = WaitingLine()
        self._jobs: dict[str, Job] = {}
        """Those that have not ended; the others are in the journal alone."""
        self._owed: dict[str, Failed] = {}
        """How jobs ended whose end could not be written down yet; see `settle`. A server that is
        killed before it can be does them again."""
        self._restore()

    @property
    def waiting(self) -> int:
        """The number of jobs that wait."""
        return len(self._line)

    @property
    def running(self) -> int:
        """The number of jobs that are being worked on."""
        return len(self._jobs) - len(self._line)

    def knows(self, job: str) -> bool:
        """Whether the job was accepted, ended or not, and is not forgotten."""
        return job in self._jobs or self._journal.knows(job)

    def request(self, job: str) -> Request | None:
        """What a known job asks for; None if another version wrote it unreadably."""
        live = self._jobs.get(job)
        return live.request if live else self._journal.request(job)

    def user_of(self, job: str) -> str | None:
        """Whose job it is; None if the server does not know it."""
        live = self._jobs.get(job)
        return live.sender.user if live else self._journal.user_of(job)

    def has_picture(self, user: str, blob: str) -> bool:
        """Whether a job of this user's, ended or not, holds this blob."""
        return self._journal.has_picture(user, blob)

    def accept(
        self,
        name: str,
        owner: str,
        user: str,
        request: Request,
        watcher: Callable[[JobEvent], None],
        *,
        client: str = "",
    ) -> None:
        """Take on a new job, whose blobs are in the store, held once for it.

        Args:
            name: The client's name for it.
            owner: Who sent it, for fairness: one connection.
            user: Whose it is.
            request: What it asks for.
            watcher: Is told its events.
            client: The name of the program that sent it, for people.

        Raises:
            ServerError: DISK_FULL; the job was not taken on.
        """
        job = Job(name, Sender(user, owner, client), request, watchers=[watcher])
        running = self.running
        self._line.put(owner, name)
        event = Accepted(name, job.next_number(), self._line.position(name) + running)
        try:
            self.keeping.write(lambda: self._journal.accept(event, job.sender, request))
        except ServerError:
            self._line.remove(name)
            raise
        self._jobs[name] = job
        job.tell(event)

    def start_next(self) -> Job | None:
        """The job whose turn it is, now running; None if none waits."""
        with contextlib.suppress(ServerError):  # there is no room yet, as has been logged
            self.settle()
        name = self._line.take()
        if name is None:
            return None
        job = self._jobs[name]
        event = Started(name, job.next_number())
        self._note(event)
        job.tell(event)
        return job

    def report(self, name: str, report: Report) -> None:
        """Tell how a running job goes on."""
        job = self._jobs[name]
        if isinstance(report, PreviewReport):
            height, width, _ = report.pixels.shape
            pixels = Pixels(Size(width, height), PixelFormat.RGBA8, report.pixels.tobytes())
            if not isinstance(job.request, LoadModel):
                job.tell(Preview(name, job.next_number(), job.request.context, pixels))
            return
        job.tell(
            Progress(
                name,
                job.next_number(),
                report.phase,
                report.step,
                report.of,
                report.seconds_left,
                report.detail,
            )
        )

    def finish(
        self,
        name: str,
        layers: tuple[ResultLayer, ...],
        times: tuple[PhaseTime, ...],
        notes: tuple[str, ...] = (),
    ) -> None:
        """A running job is done; the holds on its result's blobs are the job's from now on."""
        job = self._jobs[name]
        event = Finished(name, job.next_number(), job.request, layers, times, notes)
        if not self._end(job, event):
            self._store.release(_blobs(event), delete=True)
        else:
            self.keeping.finished()

    def fail(self, name: str, error: ScumbleError) -> None:
        """A job can't be done."""
        job = self._jobs[name]
        self._end(job, Failed(name, job.next_number(), error.code, error.message, error.hint))

    def stop(self, name: str) -> None:
        """A job was cancelled, waiting or running."""
        self._line.remove(name)
        job = self._jobs[name]
        self._end(job, Cancelled(name, job.next_number()))

    def park(self, name: str) -> None:
        """A running job was given back unharmed, for the next server to do: nothing counts."""
        try:
            self._journal.park(name)
        except ServerError as error:
            _log.warning("That %s was given back was not written down: %s", name, error)

    def is_running(self, name: str) -> bool:
        """Whether the job is being worked on."""
        job = self._jobs.get(name)
        return job is not None and job.state is JobState.RUNNING

    def is_live(self, name: str) -> bool:
        """Whether the job was accepted and has not ended."""
        return name in self._jobs

    def watch(self, name: str, after: int, watcher: Callable[[JobEvent], None]) -> bool:
        """Tell the durable events after number `after`, and all that are still to come.

        Returns:
            Whether the job is known.
        """
        if not self.knows(name):
            return False
        for event in self._journal.events(name, after):
            watcher(event)
        if name in self._owed:
            watcher(self._owed[name])
        job = self._jobs.get(name)
        if job is not None and watcher not in job.watchers:
            job.watchers.append(watcher)
        return True

    def unwatch(self, watcher: Callable[[JobEvent], None]) -> None:
        """Tell this watcher nothing more."""
        for job in self._jobs.values():
            if watcher in job.watchers:
                job.watchers.remove(watcher)

    def forget(self, name: str) -> None:
        """Delete all that is kept of a job; one that has not ended is deleted when it ends."""
        job = self._jobs.get(name)
        if job is not None:
            job.is_forgotten = True
        else:
            self.keeping.forget(name)
            self._owed.pop(name, None)

    def acknowledge(self, name: str) -> None:
        """A client has the result: it may be deleted before others; it need not be."""
        self.keeping.write(lambda: self._journal.acknowledge(name))

    def summaries(self, user: str, before: int, most: int) -> Jobs:
        """The newest jobs of a user; see `AskJobs`."""
        return self._journal.summaries(user, before, most)

    def sweep(self) -> bool:
        """Write down what could not be, and forget some of what has been kept for long enough.

        Returns:
            Whether there may be more to forget.

        Raises:
            ServerError: DISK_FULL.
        """
        self.settle()
        return self.keeping.expire()

    def settle(self) -> None:
        """Write down the ends of jobs that there was no room for when they came.

        Raises:
            ServerError: DISK_FULL, still.
        """
        for event in tuple(self._owed.values()):
            sources = self._journal.pictures(event.job).sources
            self._journal.finish(event)
            self._store.release(sources)
            del self._owed[event.job]

    def _restore(self) -> None:
        for record in self._journal.unfinished():
            number = (record.last_number // NUMBERS_PER_SERVER + 1) * NUMBERS_PER_SERVER
            if record.request is None:
                self._write_off(_unreadable(record.job, number))
            elif record.is_running and record.attempts >= MOST_ATTEMPTS:
                self._write_off(_crashed(record.job, number, record.attempts))
            else:
                job = Job(record.job, record.sender, record.request, number)
                self._line.put(job.sender.owner, job.id)
                self._jobs[job.id] = job
                event = Accepted(job.id, job.number, self._line.position(job.id))
                self._note(event)
                job.tell(event)
        self._store.hold(self._journal.all_pictures())
        self._store.trim()

    def _write_off(self, event: Failed) -> None:
        _log.warning("%s is not done: %s", event.job, event.message)
        self.keeping.write(lambda: self._journal.finish(event))

    def _note(self, event: Accepted | Started) -> None:
        try:
            self.keeping.write(lambda: self._journal.note(event))
        except ServerError as error:
            # The job is safe all the same; a restarted server would merely do it again.
            _log.warning("%s of %s was not written down: %s", event.type, event.job, error)

    def _end(self, job: Job, event: Finished | Failed | Cancelled) -> bool:
        """Write down the end; where the disk is full, say that the job failed instead."""
        is_written = True
        try:
            self.keeping.write(lambda: self._journal.finish(event))
        except ServerError as error:
            _log.warning("The end of %s was not written down: %s", job.id, error)
            event = Failed(job.id, event.number, error.code, error.message, error.hint)
            self._owed[job.id] = event
            is_written = False
        else:
            sources = (image.blob for image in job.request.blobs)
            self._store.release(sources, delete=job.is_forgotten)
        del self._jobs[job.id]
        job.tell(event)
        if job.is_forgotten:
            try:
                self.forget(job.id)
            except ServerError as error:
                _log.warning("%s could not be forgotten: %s", job.id, error)
        return is_written


def _unreadable(job: str, number: int) -> Failed:
    return Failed(
        job,
        number,
        ErrorCode.INTERNAL,
        "Another version of the server accepted this job, and this one can't read it.",
        "Send it again.",
    )


def _crashed(job: str, number: int, attempts: int) -> Failed:
    return Failed(
        job,
        number,
        ErrorCode.CRASHED,
        f"The server ended {attempts} times in the middle of this job, so it is not tried again.",
        "Try a smaller area or another model; server.log may say what happened.",
    )


def _blobs(finished: Finished) -> tuple[str, ...]:
    return tuple(blob for layer in finished.layers for blob in (layer.image.blob, layer.mask.blob))
