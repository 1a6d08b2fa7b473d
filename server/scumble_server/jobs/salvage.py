"""A damaged journal: what can still be read of it goes into a new one, and nothing is thrown away.

The damaged database is kept beside the new one under a name with the date. SQLite reads whatever it
can still find its way to, and the rest is read page by page (`raw_pages.py`): a damaged page costs
what was on it. The first page, which says where the tables are, is replaced by that of a new
journal if it is damaged itself, since the tables lie at the same places there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import struct
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from scumble_protocol import codec
from scumble_protocol.errors import ErrorCode
from scumble_protocol.job_list import JobStage
from scumble_protocol.messages import Cancelled, Failed, Finished, Submit
from scumble_server.jobs.damaged_rows import DamagedJournal
from scumble_server.jobs.raw_pages import RawPages
from scumble_server.jobs.schema import (
    LOCAL,
    JobRow,
    add_job,
    bring_up,
    bytes_of,
    ended_by,
    pictures_of,
    prompt_of,
    request_of,
    work_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from scumble_protocol.messages import JobEvent

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_PAGE_SIZE = 4096
_LARGEST_PAGE = 65536

_log = logging.getLogger(__name__)


def salvage(path: Path, why: str) -> None:
    """Put a new journal in the place of a damaged one, with everything that can be read of it.

    Args:
        path: The damaged database. It may have a write-ahead log beside it.
        why: What is wrong with it, for the log.

    Raises:
        OSError: The folder can't be written to; the damaged one is still in its place then.
        sqlite3.Error: The same.
    """
    aside = _aside(path)
    new = path.with_name(f"{path.name}.new")
    work = path.with_name(f"{path.name}.salvage")
    needless = [new, work, aside]
    try:
        _copy(path, aside)
        _write(new, _read(aside, work))
        # A log that belongs to another database would be taken for the new one's.
        _beside(path, "-wal").unlink(missing_ok=True)
        new.replace(path)
        needless.remove(aside)
    finally:
        for left in needless:
            _remove(left)
    _log.warning("The damaged journal is kept as %s; what was wrong with it: %s.", aside, why)


def _aside(path: Path) -> Path:
    now = datetime.now().astimezone()
    return path.with_name(f"{path.stem}-damaged-{now:%Y-%m-%d-%H%M%S-%f}{path.suffix}")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _read(damaged: Path, work: Path) -> list[tuple[JobRow, list[JobEvent]]]:
    """Every job that can be read, with its events, in the order in which they were accepted."""
    best = DamagedJournal()
    for mend in (_with_new_header, _with_new_first_page):
        mend(damaged, work)
        with contextlib.closing(sqlite3.connect(work, isolation_level=None)) as database:
            found = DamagedJournal.read(database)
        if found.has_gaps:
            # Closed, SQLite has brought the log into the database.
            found.add_pages(RawPages(work.read_bytes(), _page_size(work, _beside(work, "-wal"))))
        if found.is_better(best):
            best = found
        if found.is_whole:
            break
    jobs = [_job(row, best.events.get(str(row["job"]), [])) for row in best.rows]
    jobs += [_lost(finished, best.events[finished.job]) for finished in best.lost()]
    _log.warning(
        "The journal was damaged. %d job(s) of it were saved%s.",
        len(jobs),
        "" if best.is_whole else "; the rest could not be read",
    )
    return jobs


def _job(row: Mapping[str, object], events: list[JobEvent]) -> tuple[JobRow, list[JobEvent]]:
    """A job as its row and its events tell it together; what they contradict, the events know."""
    submit = row.get("submit")
    submit = submit if isinstance(submit, bytes) else b""
    request = request_of(submit)
    said = JobRow(
        job=str(row["job"]),
        user=_text(row, "user") or LOCAL,
        owner=_text(row, "owner"),
        client=_text(row, "client"),
        submit=submit,
        work=work_of(request),
        prompt=prompt_of(request),
        stage=JobStage.WAITING.value,
        accepted=_number(row, "accepted") or _number(row, "touched"),
        attempts=int(_number(row, "attempts")),
        is_acknowledged=int(row.get("is_acknowledged") == 1),
    )
    end = next((it for it in events if isinstance(it, (Finished, Failed, Cancelled))), None)
    stage = row.get("stage")
    has_ended = row.get("is_final") == 1 or stage in {"finished", "failed", "cancelled"}
    if end is None and has_ended:
        end = _end_lost(said.job, events)
        events = [*events, end]
    if end is None:
        is_running = stage == JobStage.RUNNING
        size = bytes_of(request.blobs) if request else 0
        return replace(said, stage=str(stage) if is_running else said.stage, bytes=size), events
    stage, layers, size, error = ended_by(end)
    ended = _number(row, "ended") or _number(row, "touched")
    return replace(said, stage=stage, layers=layers, bytes=size, error=error, ended=ended), events


def _lost(finished: Finished, events: list[JobEvent]) -> tuple[JobRow, list[JobEvent]]:
    """A job whose row is gone, and whose result is not; it is the machine's owner's from now on."""
    submit = codec.encode(Submit(finished.job, finished.request))
    row = {"job": finished.job, "submit": submit, "is_final": 1}
    return _job(row, events)


def _end_lost(job: str, events: Sequence[JobEvent]) -> Failed:
    return Failed(
        job,
        max((event.number for event in events), default=0) + 2**20,
        ErrorCode.INTERNAL,
        "The server's journal was damaged, and with it went how this job ended.",
        "Do it again; its result is lost.",
    )


def _write(path: Path, jobs: Sequence[tuple[JobRow, list[JobEvent]]]) -> None:
    with contextlib.closing(sqlite3.connect(_private(path), isolation_level=None)) as database:
        bring_up(database, 0)
        database.execute("BEGIN")
        for row, events in jobs:
            add_job(database, row)
            for event in events:
                database.execute(
                    "INSERT OR IGNORE INTO events VALUES (?, ?, ?)",
                    (row.job, event.number, codec.encode(event)),
                )
            for blob, is_result in _pictures(row, events):
                database.execute(
                    "INSERT INTO pictures VALUES (?, ?, ?)", (row.job, blob, is_result)
                )
        database.execute("COMMIT")


def _pictures(row: JobRow, events: Sequence[JobEvent]) -> list[tuple[str, int]]:
    for event in events:
        if isinstance(event, Finished):
            return [(image.blob, 1) for image in pictures_of(event)]
    request = request_of(row.submit)
    is_live = row.stage in {JobStage.WAITING, JobStage.RUNNING}
    return [(image.blob, 0) for image in request.blobs] if request and is_live else []


def _with_new_header(damaged: Path, work: Path) -> None:
    """The damaged database under a header that SQLite takes: of it, only the page size is kept."""
    _mend(damaged, work, _HEADER)


def _with_new_first_page(damaged: Path, work: Path) -> None:
    """The damaged database with the first page of a new journal; a log may have a later one."""
    _mend(damaged, work, _LARGEST_PAGE)


def _mend(damaged: Path, work: Path, most: int) -> None:
    """Copy the database, and write over it at most so many bytes of a new one's first page."""
    _remove(work)
    _copy(damaged, work)
    size = _page_size(work, _beside(work, "-wal"))
    first = bytearray(_new_first_page(_beside(work, ".empty"), size))
    length = work.stat().st_size
    first[28:32] = struct.pack(">I", max(length // size, 1))
    with work.open("r+b") as file:
        file.write(first[:most] if length >= size else first)


def _copy(damaged: Path, to: Path) -> None:
    for suffix in ("", "-wal"):
        if (part := _beside(damaged, suffix)).exists():
            shutil.copyfile(part, _private(_beside(to, suffix)))


def _private(path: Path) -> Path:
    """The path, with a file for its owner's eyes only: there are prompts in it."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    return path


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        _beside(database, suffix).unlink(missing_ok=True)


def _new_first_page(path: Path, size: int) -> bytes:
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute(f"PRAGMA page_size = {size}")
            database.execute("PRAGMA journal_mode = WAL")
            bring_up(database, 0)
        return path.read_bytes()[:size]
    finally:
        _remove(path)


def _page_size(database: Path, log: Path) -> int:
    """https://www.sqlite.org/fileformat2.html: in the header, and in that of the log."""
    with database.open("rb") as file:
        header = file.read(_HEADER)
    said = [struct.unpack(">H", header[16:18])[0]] if header[:16] == _MAGIC else []
    if log.exists():
        with log.open("rb") as file:
            start = file.read(32)
        said = [struct.unpack(">I", start[8:12])[0], *said] if len(start) == 32 else said
    sizes = [_LARGEST_PAGE if size == 1 else size for size in said]
    return next((size for size in sizes if _is_page_size(size)), _PAGE_SIZE)


def _is_page_size(size: int) -> bool:
    return 512 <= size <= _LARGEST_PAGE and size & (size - 1) == 0


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _number(row: Mapping[str, object], name: str) -> float:
    value = row.get(name)
    return max(float(value), 0.0) if isinstance(value, (int, float)) else 0.0
