"""The journal's tables, how they came about, and what a job's row says of it.

Schema 1 (0.1 to 0.4) knew neither users nor stages nor acknowledged results; its jobs become those
of the machine's owner, and nothing of theirs was acknowledged, since that deleted a job then.
"""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, cast

from scumble_protocol import codec
from scumble_protocol.errors import ScumbleError
from scumble_protocol.job_list import JobStage
from scumble_protocol.messages import (
    JOB_EVENTS,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Started,
    Submit,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scumble_protocol.images import ImageRef
    from scumble_protocol.requests import Request

SCHEMA = 2

LOCAL = "local"
"""The user who has the token of the state folder: the machine's owner."""

UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged database may raise; Python can't decode what SQLite quotes of it."""

PROMPT_SHOWN = 200
"""Characters of a prompt that lists show; a thousand of them are to fit into a message."""

_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    job      TEXT NOT NULL UNIQUE,
    user     TEXT NOT NULL,
    owner    TEXT NOT NULL,
    client   TEXT NOT NULL,
    submit   BLOB NOT NULL,
    work     TEXT NOT NULL,
    prompt   TEXT NOT NULL,
    stage    TEXT NOT NULL,
    accepted REAL NOT NULL,
    ended    REAL NOT NULL,
    aged_at  REAL NOT NULL,
    attempts INTEGER NOT NULL,
    is_acknowledged INTEGER NOT NULL,
    layers   INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    error    TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS jobs_of_user ON jobs (user, position);
CREATE INDEX IF NOT EXISTS live_jobs ON jobs (position)
    WHERE stage IN ('waiting', 'running');
CREATE INDEX IF NOT EXISTS ended_jobs ON jobs (is_acknowledged, aged_at, position)
    WHERE stage NOT IN ('waiting', 'running');
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
CREATE INDEX IF NOT EXISTS jobs_of_picture ON pictures (blob);
CREATE TABLE IF NOT EXISTS clock (
    is_one INTEGER PRIMARY KEY CHECK (is_one = 1),
    wall   REAL NOT NULL,
    age    REAL NOT NULL
);
"""


@dataclass(frozen=True)
class JobRow:
    """What the table `jobs` says of a job, in the order of its columns; see `JobSummary`.

    Args:
        job: The job's id.
        user: Whose it is.
        owner: Who sent it, for fairness: one connection.
        client: The name of the program that sent it.
        submit: The message that asked for it, as a frame.
        work: The request's kind; empty if it can't be read.
        prompt: The beginning of its prompt.
        stage: Where it is in its life, as `JobStage` has it.
        accepted: When it was accepted, in seconds since 1970.
        ended: When it ended, in seconds since 1970; 0 if it has not.
        aged_at: When it was accepted, or ended if it has, on the journal's clock.
        attempts: How many servers began to work on it.
        is_acknowledged: Whether a client said that it has the result.
        layers: The number of layers of its result.
        bytes: Bytes of its pictures.
        error: Why it failed, in a sentence; else empty.
    """

    job: str
    user: str
    owner: str
    client: str
    submit: bytes
    work: str
    prompt: str
    stage: str
    accepted: float
    ended: float = 0.0
    aged_at: float = 0.0
    attempts: int = 0
    is_acknowledged: int = 0
    layers: int = 0
    bytes: int = 0
    error: str = ""


COLUMNS = tuple(field.name for field in fields(JobRow))

_ADD = f"INSERT INTO jobs ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  (names from above)


def add_job(database: sqlite3.Connection, row: JobRow) -> None:
    """Write a job that is new, after all others."""
    database.execute(_ADD, astuple(row))


def bring_up(database: sqlite3.Connection, version: int) -> None:
    """Make the tables, out of those of an older schema if there are any; in one transaction."""
    run = database.execute
    run("BEGIN IMMEDIATE")
    try:
        if version == 1:
            run("ALTER TABLE jobs RENAME TO jobs_1")
            run("ALTER TABLE events RENAME TO events_1")
            run("ALTER TABLE pictures RENAME TO pictures_1")
            run("DROP INDEX IF EXISTS pictures_of_job")
        for statement in _TABLES.split(";"):
            run(statement)
        if version == 1:
            _migrate_from_1(database)
        run(f"PRAGMA user_version = {SCHEMA}")
        run("COMMIT")
    finally:
        if database.in_transaction:
            run("ROLLBACK")


def tables_of(database: sqlite3.Connection) -> frozenset[str]:
    """The statements that made its tables and indices."""
    rows = database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return frozenset(statement for (statement,) in rows)


def readable(text: bytes) -> str:
    """A text in the database, also one that was damaged."""
    return text.decode("utf-8", "replace")


def request_of(submit: bytes) -> Request | None:
    """What a job asks for; None if another version wrote it in a way that nobody can read."""
    try:
        return codec.decode(submit, (Submit,)).request
    except ScumbleError:
        return None


def event_of(frame: bytes) -> JobEvent:
    """An event that was written down.

    Raises:
        ScumbleError: It can't be read.
    """
    return cast("JobEvent", codec.decode(frame, JOB_EVENTS))


def work_of(request: Request | None) -> str:
    """What lists say the job is; empty if nobody can read it."""
    return "" if request is None else request.kind


def prompt_of(request: Request | None) -> str:
    """The beginning of the prompt, for lists; empty where there is none."""
    asked = getattr(request, "refinement", None) or request
    return str(getattr(asked, "prompt", ""))[:PROMPT_SHOWN]


def bytes_of(images: Iterable[ImageRef]) -> int:
    """Bytes on disk of these pictures, of which some may be the same."""
    return sum({image.blob: image.length for image in images}.values())


def pictures_of(finished: Finished) -> tuple[ImageRef, ...]:
    """The pictures of a result, as often as it names them."""
    return tuple(image for layer in finished.layers for image in (layer.image, layer.mask))


def ended_by(event: Finished | Failed | Cancelled) -> tuple[str, int, int, str]:
    """What the event makes of the row's `stage`, `layers`, `bytes` and `error`."""
    if isinstance(event, Finished):
        return JobStage.FINISHED.value, len(event.layers), bytes_of(pictures_of(event)), ""
    if isinstance(event, Failed):
        return JobStage.FAILED.value, 0, 0, event.message
    return JobStage.CANCELLED.value, 0, 0, ""


def _migrate_from_1(database: sqlite3.Connection) -> None:
    run = database.execute
    rows = run(
        "SELECT job, owner, submit, is_final, touched,"
        " (SELECT frame FROM events_1 e WHERE e.job = j.job ORDER BY number DESC LIMIT 1)"
        " FROM jobs_1 j ORDER BY position"
    ).fetchall()  # an open question would keep the database locked, should something go wrong
    for job, owner, submit, is_final, touched, frame in rows:
        request = request_of(submit)
        stage, layers, size, error = _stage_in_1(is_final, frame)
        if not is_final and request is not None:
            size = bytes_of(request.blobs)
        add_job(
            database,
            JobRow(
                job,
                LOCAL,
                owner,
                "",
                submit,
                work_of(request),
                prompt_of(request),
                stage,
                touched,
                ended=touched if is_final else 0.0,
                attempts=int(stage == JobStage.RUNNING),
                layers=layers,
                bytes=size,
                error=error,
            ),
        )
    run("INSERT INTO events SELECT job, number, frame FROM events_1")
    run("INSERT INTO pictures SELECT job, blob, is_result FROM pictures_1")
    for table in ("pictures_1", "events_1", "jobs_1"):
        run(f"DROP TABLE {table}")


def _stage_in_1(is_final: int, frame: bytes | None) -> tuple[str, int, int, str]:
    try:
        event = None if frame is None else event_of(frame)
    except ScumbleError:
        event = None
    if isinstance(event, (Finished, Failed, Cancelled)):
        return ended_by(event)
    if is_final:
        return JobStage.FAILED.value, 0, 0, "How this job ended can't be read."
    stage = JobStage.RUNNING if isinstance(event, Started) else JobStage.WAITING
    return stage.value, 0, 0, ""
