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
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from scumble_protocol import codec
from scumble_protocol.errors import ErrorCode, ScumbleError, ServerError
from scumble_protocol.messages import (
    JOB_EVENTS,
    Accepted,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Started,
    Submit,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scumble_protocol.requests import Request

SCHEMA = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    job      TEXT NOT NULL UNIQUE,
    owner    TEXT NOT NULL,
    submit   BLOB NOT NULL,
    is_final INTEGER NOT NULL DEFAULT 0,
    touched  REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    job    TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    frame  BLOB NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pictures (
    job  TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE,
    blob TEXT NOT NULL,
    is_result INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS pictures_of_job ON pictures (job);
"""


@dataclass(frozen=True)
class JobRecord:
    """A job that has not ended.

    Args:
        job: The job's id.
        owner: Who sent it.
        request: What it asks for; None when another version wrote it in a way that this one can't
            read.
        last_number: The number of its last durable event.
    """

    job: str
    owner: str
    request: Request | None
    last_number: int


@dataclass(frozen=True)
class JobPictures:
    """The blobs that a job holds: what it works on (until it is final), and what it made."""

    sources: tuple[str, ...]
    results: tuple[str, ...]


class Journal:
    """The journal of one state folder; to be used by one thread.

    Args:
        path: The database; made if it is not there.

    Raises:
        ServerError: PORT_IN_USE, when another server has it; DISK_FULL; INTERNAL, when it can't be
            read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = sqlite3.connect(path, isolation_level=None, timeout=1)
        try:
            self._open()
        except sqlite3.Error as error:
            self._database.close()
            raise _opening_error(error, path) from error
        except ServerError:
            self._database.close()
            raise

    def close(self) -> None:
        """Let others have the database."""
        self._database.close()

    def accept(self, event: Accepted, owner: str, request: Request, now: float) -> None:
        """Write down a job that is new; on return it survives the process.

        Raises:
            ServerError: DISK_FULL; nothing was written.
        """
        submit = codec.encode(Submit(event.job, request))
        with self._writing() as write:
            write(
                "INSERT INTO jobs (job, owner, submit, touched) VALUES (?, ?, ?, ?)",
                (event.job, owner, submit, now),
            )
            for image in request.blobs:
                write("INSERT INTO pictures VALUES (?, ?, 0)", (event.job, image.blob))
            self._append(event)

    def note(self, event: Accepted | Started) -> None:
        """Write down that the job waits again, or is being worked on.

        Raises:
            ServerError: DISK_FULL.
        """
        with self._writing():
            self._append(event)

    def finish(self, event: Finished | Failed | Cancelled, now: float) -> None:
        """Write down how the job ended; its pictures are from now on those of the result.

        Raises:
            ServerError: DISK_FULL; the job is still unfinished then.
        """
        with self._writing() as write:
            write("UPDATE jobs SET is_final = 1, touched = ? WHERE job = ?", (now, event.job))
            write("DELETE FROM pictures WHERE job = ?", (event.job,))
            if isinstance(event, Finished):
                for layer in event.layers:
                    for blob in (layer.image.blob, layer.mask.blob):
                        write("INSERT INTO pictures VALUES (?, ?, 1)", (event.job, blob))
            self._append(event)

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
        return None if submit is None else _request(submit)

    def events(self, job: str, after: int) -> tuple[JobEvent, ...]:
        """The job's durable events with numbers above `after`, in order."""
        rows = self._database.execute(
            "SELECT frame FROM events WHERE job = ? AND number > ? ORDER BY number", (job, after)
        )
        return tuple(_event(frame) for (frame,) in rows)

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
            "SELECT job, owner, submit, (SELECT max(number) FROM events e WHERE e.job = j.job)"
            " FROM jobs j WHERE NOT is_final ORDER BY position"
        )
        return tuple(
            JobRecord(job, owner, _request(submit), last) for job, owner, submit, last in rows
        )

    def finished_before(self, moment: float) -> tuple[str, ...]:
        """The jobs that ended before this moment and that nobody acknowledged."""
        rows = self._database.execute(
            "SELECT job FROM jobs WHERE is_final AND touched < ?", (moment,)
        )
        return tuple(job for (job,) in rows)

    def _submit_of(self, job: str) -> bytes | None:
        row = self._database.execute("SELECT submit FROM jobs WHERE job = ?", (job,)).fetchone()
        return None if row is None else row[0]

    def _open(self) -> None:
        run = self._database.execute
        # Exclusive before the first access: WAL then needs no shared memory, and the lock is kept
        # until the process ends, however it ends.
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run("PRAGMA foreign_keys = ON")
        (version,) = run("PRAGMA user_version").fetchone()
        if version > SCHEMA:
            raise ServerError(
                ErrorCode.INTERNAL,
                f"{self._path} was written by a newer Scumble.",
                "Update Scumble, or start the server with another --state folder.",
            )
        self._database.executescript(
            f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT"
        )

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


def _request(submit: bytes) -> Request | None:
    try:
        return codec.decode(submit, (Submit,)).request
    except ScumbleError:
        return None


def _event(frame: bytes) -> JobEvent:
    return cast("JobEvent", codec.decode(frame, JOB_EVENTS))


def _opening_error(error: sqlite3.Error, path: Path) -> ServerError:
    if "locked" in str(error):
        return ServerError(
            ErrorCode.PORT_IN_USE,
            f"Another Scumble server is already using the folder {path.parent}.",
            "Use that server, stop it first, or choose another folder with --state.",
        )
    if "full" in str(error):
        return ServerError(
            ErrorCode.DISK_FULL,
            f"The disk with {path.parent} is full.",
            "Make room there, or start the server with another --state folder.",
        )
    return ServerError(
        ErrorCode.INTERNAL,
        f"The journal {path} can't be opened: {error}.",
        "Move that file away, or start the server with another --state folder.",
    )
