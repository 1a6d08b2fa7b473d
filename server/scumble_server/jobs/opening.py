"""How the journal's database comes to be open, for this process alone and in today's schema."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_server.jobs.schema import SCHEMA, bring_up

if TYPE_CHECKING:
    from pathlib import Path


def open_database(path: Path) -> sqlite3.Connection:
    """The database, made if it is not there.

    Raises:
        ServerError: PORT_IN_USE, when another server has it; DISK_FULL; INTERNAL, when it can't be
            read.
    """
    database = sqlite3.connect(path, isolation_level=None, timeout=1)
    try:
        _set_up(database, path)
    except sqlite3.Error as error:
        database.close()
        raise _opening_error(error, path) from error
    except ServerError:
        database.close()
        raise
    return database


def _set_up(database: sqlite3.Connection, path: Path) -> None:
    run = database.execute
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
            f"{path} was written by a newer Scumble.",
            "Update Scumble, or start the server with another --state folder.",
        )
    bring_up(database, version)


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
