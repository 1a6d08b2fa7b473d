"""What must survive the server: accepted jobs, their durable events, and whose pictures they need.

The database runs in WAL mode with `synchronous=NORMAL`. A killed process loses nothing, because
each commit has reached the kernel before it returns; only a power failure can take the last jobs
with it (and the editor that sent them), and it never leaves a damaged database. `FULL` would force
the disk on the way of every job to guard against that one case.

Opening takes the database for this process alone, which is also what keeps a second server out of
the same state folder.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_protocol import codec
from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.job_list import JobStage
from scumble_protocol.messages import (
    Accepted,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Started,
    Submit,
)
from scumble_server.jobs.journal_clock import JournalClock, Moment
from scumble_server.jobs.opening import open_database
from scumble_server.jobs.schema import (
    JobRow,
    add_job,
    bytes_of,
    ended_by,
    event_of,
    pictures_of,
    prompt_of,
    request_of,
    work_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scumble_protocol.requests import Request


@dataclass(frozen=True)
class Sender:
    """Who sent a job.

    Args:
        user: Whose job it is: nobody else hears of it.
        owner: The connection that it came by, for fairness.
        client: The name of the program, for people.
    """

    user: str
    owner: str
    client: str = ""


@dataclass(frozen=True)
class JobRecord:
    """A job that has not ended.

    Args:
        job: The job's id.
        sender: Who sent it.
        request: What it asks for; None when another version wrote it in a way that this one can't
            read.
        last_number: The number of its last durable event.
        attempts: How many servers began to work on it.
        is_running: Whether the last of them was at it.
    """

    job: str
    sender: Sender
    request: Request | None
    last_number: int
    attempts: int
    is_running: bool


@dataclass(frozen=True)
class JobPictures:
    """The blobs that a job holds: what it works on (until it is final), and what it made."""

    sources: tuple[str, ...]
    results: tuple[str, ...]


class Journal:
    """The journal of one state folder; to be used by one thread.

    Args:
        path: The database; made if it is not there.
        wall: The time in seconds since 1970.
        monotonic: Seconds since some point in time; never set back.

    Raises:
        ServerError: PORT_IN_USE, when another server has it; DISK_FULL; INTERNAL, when it can't be
            read.
    """

    def __init__(
        self,
        path: Path,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._database = open_database(path)
        row = self._database.execute("SELECT wall, age FROM clock").fetchone()
        last = Moment(wall(), 0.0) if row is None else Moment(*row)
        self._clock = JournalClock(last, wall, monotonic)

    def close(self) -> None:
        """Let others have the database."""
        self._database.close()

    def accept(self, event: Accepted, sender: Sender, request: Request) -> None:
        """Write down a job that is new; on return it survives the process.

        Raises:
            ServerError: DISK_FULL; nothing was written.
        """
        with self._writing() as write:
            now = self._tick()
            row = JobRow(
                event.job,
                sender.user,
                sender.owner,
                sender.client,
                codec.encode(Submit(event.job, request)),
                work_of(request),
                prompt_of(request),
                JobStage.WAITING.value,
                now.wall,
                aged_at=now.age,
                bytes=bytes_of(request.blobs),
            )
            add_job(self._database, row)
            for image in request.blobs:
                write("INSERT INTO pictures VALUES (?, ?, 0)", (event.job, image.blob))
            self._append(event)

    def note(self, event: Accepted | Started) -> None:
        """Write down that the job waits again, or that one more server begins to work on it.

        Raises:
            ServerError: DISK_FULL.
        """
        is_start = isinstance(event, Started)
        stage = JobStage.RUNNING if is_start else JobStage.WAITING
        with self._writing() as write:
            write(
                "UPDATE jobs SET stage = ?, attempts = attempts + ? WHERE job = ?",
                (stage.value, int(is_start), event.job),
            )
            self._append(event)

    def park(self, job: str) -> None:
        """Write down that a running job was given back unharmed: its attempt does not count.

        Raises:
            ServerError: DISK_FULL.
        """
        with self._writing() as write:
            write(
                "UPDATE jobs SET stage = ?, attempts = max(attempts - 1, 0)"
                " WHERE job = ? AND stage = ?",
                (JobStage.WAITING.value, job, JobStage.RUNNING.value),
            )

    def finish(self, event: Finished | Failed | Cancelled) -> None:
        """Write down how the job ended; its pictures are from now on those of the result.

        Raises:
            ServerError: DISK_FULL; the job is still unfinished then.
        """
        with self._writing() as write:
            now = self._tick()
            write(
                "UPDATE jobs SET ended = ?, aged_at = ?, stage = ?, layers = ?, bytes = ?,"
                " error = ? WHERE job = ?",
                (now.wall, now.age, *ended_by(event), event.job),
            )
            write("DELETE FROM pictures WHERE job = ?", (event.job,))
            if isinstance(event, Finished):
                for image in pictures_of(event):
                    write("INSERT INTO pictures VALUES (?, ?, 1)", (event.job, image.blob))
            self._append(event)

    def acknowledge(self, job: str) -> None:
        """Write down that a client has the job's result.

        Raises:
            ServerError: DISK_FULL.
        """
        with self._writing() as write:
            write("UPDATE jobs SET is_acknowledged = 1 WHERE job = ?", (job,))

    def forget(self, job: str) -> None:
        """Delete all that is kept of the job, which may be unknown.

        Raises:
            ServerError: DISK_FULL.
        """
        with self._writing() as write:
            write("DELETE FROM jobs WHERE job = ?", (job,))

    def knows(self, job: str) -> bool:
        """Whether anything is kept of the job."""
        return self._submit_of(job) is not None

    def request(self, job: str) -> Request | None:
        """What the job asked for; None if it is unknown, or written so that nobody can read it."""
        submit = self._submit_of(job)
        return None if submit is None else request_of(submit)

    def user_of(self, job: str) -> str | None:
        """Whose job it is; None if it is unknown."""
        row = self._database.execute("SELECT user FROM jobs WHERE job = ?", (job,)).fetchone()
        return None if row is None else row[0]

    def has_picture(self, user: str, blob: str) -> bool:
        """Whether a job of this user's holds this blob."""
        found = self._database.execute(
            "SELECT 1 FROM pictures JOIN jobs USING (job) WHERE blob = ? AND user = ? LIMIT 1",
            (blob, user),
        )
        return found.fetchone() is not None

    def events(self, job: str, after: int) -> tuple[JobEvent, ...]:
        """The job's durable events with numbers above `after`, in order."""
        rows = self._database.execute(
            "SELECT frame FROM events WHERE job = ? AND number > ? ORDER BY number", (job, after)
        )
        return tuple(event_of(frame) for (frame,) in rows)

    def pictures(self, job: str) -> JobPictures:
        """The blobs that the job holds."""
        rows = self._database.execute(
            "SELECT blob, is_result FROM pictures WHERE job = ?", (job,)
        ).fetchall()
        return JobPictures(
            sources=tuple(blob for blob, is_result in rows if not is_result),
            results=tuple(blob for blob, is_result in rows if is_result),
        )

    def all_pictures(self) -> tuple[str, ...]:
        """Every blob that some job holds, as often as it is held."""
        return tuple(blob for (blob,) in self._database.execute("SELECT blob FROM pictures"))

    def unfinished(self) -> tuple[JobRecord, ...]:
        """The jobs still to be done, in the order in which they were accepted."""
        rows = self._database.execute(
            "SELECT job, user, owner, client, submit, attempts, stage,"
            " (SELECT max(number) FROM events e WHERE e.job = j.job)"
            " FROM jobs j WHERE stage IN ('waiting', 'running') ORDER BY position"
        )
        return tuple(
            JobRecord(
                job,
                Sender(user, owner, client),
                request_of(submit),
                last or 0,
                attempts,
                stage == JobStage.RUNNING,
            )
            for job, user, owner, client, submit, attempts, stage, last in rows
        )

    def finished_before(self, age: float) -> tuple[str, ...]:
        """The jobs that ended more than this many seconds ago."""
        rows = self._database.execute(
            "SELECT job FROM jobs WHERE stage NOT IN ('waiting', 'running') AND aged_at < ?",
            (self._clock.now().age - age,),
        )
        return tuple(job for (job,) in rows)

    def _submit_of(self, job: str) -> bytes | None:
        row = self._database.execute("SELECT submit FROM jobs WHERE job = ?", (job,)).fetchone()
        return None if row is None else row[0]

    def _tick(self) -> Moment:
        """This moment, which is written down."""
        now = self._clock.now()
        self._database.execute("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)", (now.wall, now.age))
        return now

    def _append(self, event: JobEvent) -> None:
        self._database.execute(
            "INSERT INTO events VALUES (?, ?, ?)", (event.job, event.number, codec.encode(event))
        )

    @contextmanager
    def _writing(self) -> Iterator[Callable[[str, tuple[object, ...]], object]]:
        run = self._database.execute
        try:
            run("BEGIN IMMEDIATE")
            yield run
            run("COMMIT")
        except sqlite3.OperationalError as error:
            raise ServerError(
                ErrorCode.DISK_FULL,
                f"{self._path} can't be written to: {error}.",
                "Make room on that disk and try again.",
            ) from error
        finally:
            # SQLite ends the transaction itself after some errors, and not after others.
            if self._database.in_transaction:
                run("ROLLBACK")
