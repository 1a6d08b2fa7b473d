"""How the journal's database comes to be open, for this process alone and in today's schema."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_server.jobs.blobstore import disk_error
from scumble_server.jobs.salvage import salvage
from scumble_server.jobs.schema import SCHEMA, UNREADABLE, bring_up, readable, tables_of

if TYPE_CHECKING:
    from pathlib import Path

_AROUND_IT = ("locked", "full", "readonly", "unable to open", "disk I/O")
"""What SQLite says where not the database is at fault but what is around it."""


def open_database(path: Path) -> sqlite3.Connection:
    """The database, made if it is not there; a new one with what can be saved if it is damaged.

    Raises:
        ServerError: PORT_IN_USE, when another server has it; DISK_FULL; INTERNAL, when it can't be
            read.
    """
    try:
        try:
            _refuse_lone_log(path)
            return _opened(path)
        except UNREADABLE as error:
            if not _is_damage(error):
                raise
            salvage(path, str(error))
        return _opened(path)
    except sqlite3.Error as error:
        raise _opening_error(error, path) from error
    except OSError as error:
        raise disk_error(error, path.parent) from error


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, timeout=1)
    try:
        _set_up(database, path)
    except (sqlite3.Error, UnicodeDecodeError, ServerError):
        database.close()
        raise
    return database


def _refuse_lone_log(path: Path) -> None:
    """SQLite would delete a log without a database, and with it whatever is only there."""
    log = path.with_name(f"{path.name}-wal")
    is_empty = not path.exists() or path.stat().st_size == 0
    if is_empty and log.exists() and log.stat().st_size > 0:
        path.touch()
        raise sqlite3.DatabaseError("the database is empty and its log is not")


def _set_up(database: sqlite3.Connection, path: Path) -> None:
    run = database.execute
    database.text_factory = readable
    # Exclusive before the first access: WAL then needs no shared memory, and the lock is kept
    # until the process ends, however it ends.
    run("PRAGMA locking_mode = EXCLUSIVE")
    run("PRAGMA journal_mode = WAL")
    run("PRAGMA synchronous = NORMAL")
    run("PRAGMA foreign_keys = ON")
    # What is deleted is gone: prompts that were to be forgotten, and rows that a damaged journal
    # would otherwise be found to have still.
    run("PRAGMA secure_delete = ON")
    (version,) = run("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        raise ServerError(
            ErrorCode.INTERNAL,
            f"{path} was written by a newer Scumble.",
            "Update Scumble, or start the server with another --state folder.",
        )
    ((fault,),) = run("PRAGMA integrity_check(1)").fetchall()
    if fault != "ok":
        raise sqlite3.DatabaseError(" ".join(fault.split()))
    bring_up(database, version)
    if not tables_of(database) >= _todays_tables():
        raise sqlite3.DatabaseError("the tables are not those of a journal")


def _todays_tables() -> frozenset[str]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        bring_up(database, 0)
        return tables_of(database)


def _is_damage(error: Exception) -> bool:
    return not any(words in str(error) for words in _AROUND_IT)


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
        "Check the permissions of the folder, or start the server with another --state folder.",
    )
