"""What must survive the server: accepted jobs, their durable events, and whose pictures they need.

The database runs in WAL mode with `synchronous=NORMAL`. A killed process loses nothing, because
each commit has reached the kernel before it returns; only a power failure can take the last jobs
with it (and the editor that sent them), and it never leaves a damaged database. `FULL` would force
the disk on the way of every job to guard against that one case.

Opening takes the database for this process alone, which is also what keeps a second server out of
the same state folder.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
from scumble_server.jobs.journal_clock import DAY, JournalClock, Moment
from scumble_server.jobs.listing import summaries
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

    from scumble_protocol.job_list import Jobs
    from scumble_protocol.requests import Request

_HAS_PICTURE = """
SELECT 1 FROM pictures JOIN jobs USING (job) WHERE blob = ? AND user = ? LIMIT 1
"""
_UNFINISHED = """
SELECT job, user, owner, client, submit, attempts, stage,
    (SELECT max(number) FROM events e WHERE e.job = j.job)
FROM jobs j WHERE stage IN ('waiting', 'running') ORDER BY position
"""
_ENDED = """
SELECT job, bytes FROM jobs
WHERE is_acknowledged = ? AND aged_at <= ? AND stage NOT IN ('waiting', 'running')
ORDER BY aged_at, position LIMIT ?
"""


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

    `kept_jobs` is the number of jobs that ended, `kept_bytes` what their pictures take.

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
        self.kept_jobs, self.kept_bytes = self._ask(
            "SELECT count(*), coalesce(sum(bytes), 0) FROM jobs"
            " WHERE stage NOT IN ('waiting', 'running')"
        )[0]

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
        stage, layers, size, error = ended_by(event)
        with self._writing() as write:
            now = self._tick()
            write(
                "UPDATE jobs SET ended = ?, aged_at = ?, stage = ?, layers = ?, bytes = ?,"
                " error = ? WHERE job = ?",
                (now.wall, now.age, stage, layers, size, error, event.job),
            )
            write("DELETE FROM pictures WHERE job = ?", (event.job,))
            if isinstance(event, Finished):
                for image in pictures_of(event):
                    write("INSERT INTO pictures VALUES (?, ?, 1)", (event.job, image.blob))
            self._append(event)
        self.kept_jobs += 1
        self.kept_bytes += size

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
        kept = self._ask(
            "SELECT bytes FROM jobs WHERE job = ? AND stage NOT IN ('waiting', 'running')", job
        )
        with self._writing() as write:
            write("DELETE FROM jobs WHERE job = ?", (job,))
        self.kept_jobs -= len(kept)
        self.kept_bytes -= sum(size for (size,) in kept)

    def tick(self) -> None:
        """Write down how late it is, in case that nothing else is written for long.

        Raises:
            ServerError: DISK_FULL.
        """
        with self._writing():
            self._tick()

    def knows(self, job: str) -> bool:
        """Whether anything is kept of the job."""
        return self.user_of(job) is not None

    def request(self, job: str) -> Request | None:
        """What the job asked for; None if it is unknown, or written so that nobody can read it."""
        rows = self._ask("SELECT submit FROM jobs WHERE job = ?", job)
        return request_of(rows[0][0]) if rows else None

    def user_of(self, job: str) -> str | None:
        """Whose job it is; None if it is unknown."""
        rows = self._ask("SELECT user FROM jobs WHERE job = ?", job)
        return rows[0][0] if rows else None

    def has_picture(self, user: str, blob: str) -> bool:
        """Whether a job of this user's holds this blob."""
        return bool(self._ask(_HAS_PICTURE, blob, user))

    def summaries(self, user: str, before: int, most: int) -> Jobs:
        """The newest `most` of the user's jobs that came before that place, 0: of all."""
        return summaries(self._ask, user, before, most)

    def events(self, job: str, after: int) -> tuple[JobEvent, ...]:
        """The job's durable events with numbers above `after`, in order."""
        rows = self._ask(
            "SELECT frame FROM events WHERE job = ? AND number > ? ORDER BY number", job, after
        )
        return tuple(event_of(frame) for (frame,) in rows)

    def pictures(self, job: str) -> JobPictures:
        """The blobs that the job holds."""
        rows = self._ask("SELECT blob, is_result FROM pictures WHERE job = ?", job)
        return JobPictures(
            sources=tuple(blob for blob, is_result in rows if not is_result),
            results=tuple(blob for blob, is_result in rows if is_result),
        )

    def all_pictures(self) -> tuple[str, ...]:
        """Every blob that some job holds, as often as it is held."""
        return tuple(blob for (blob,) in self._ask("SELECT blob FROM pictures"))

    def unfinished(self) -> tuple[JobRecord, ...]:
        """The jobs still to be done, in the order in which they were accepted."""
        return tuple(
            JobRecord(
                job,
                Sender(user, owner, client),
                request_of(submit),
                last or 0,
                attempts,
                stage == JobStage.RUNNING,
            )
            for job, user, owner, client, submit, attempts, stage, last in self._ask(_UNFINISHED)
        )

    def disk_free(self) -> int:
        """Bytes that are free on the journal's disk."""
        return shutil.disk_usage(self._path.parent).free

    def ended(
        self, *, is_acknowledged: bool, days: float, most: int
    ) -> tuple[tuple[str, int], ...]:
        """Jobs that ended so many days ago or more, the oldest first, with their bytes."""
        latest = self._clock.now().age - days * DAY
        rows = self._ask(_ENDED, is_acknowledged, latest, most)
        return tuple((job, size) for job, size in rows)

    def _ask(self, question: str, *values: object) -> list[Any]:
        try:
            return self._database.execute(question, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _damaged(self._path, error) from error

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
        except sqlite3.DatabaseError as error:
            raise _writing_error(self._path, error) from error
        finally:
            # SQLite ends the transaction itself after some errors, and not after others.
            if self._database.in_transaction:
                run("ROLLBACK")


def _writing_error(path: Path, error: sqlite3.DatabaseError) -> ServerError:
    if not isinstance(error, sqlite3.OperationalError):
        return _damaged(path, error)
    if "readonly" in str(error):
        return ServerError(
            ErrorCode.INTERNAL,
            f"{path} can't be written to: {error}.",
            "Check the permissions of that file and of its folder.",
        )
    return ServerError(
        ErrorCode.DISK_FULL,
        f"{path} can't be written to: {error}.",
        "Make room on that disk and try again.",
    )


def _damaged(path: Path, error: sqlite3.DatabaseError) -> ServerError:
    return ServerError(
        ErrorCode.INTERNAL,
        f"{path} can't be read: {error}.",
        "Start the server anew; it saves what can still be read.",
    )
