"""What `scumble doctor` says of the server's folder: whose it is, room, models, the journal."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.checks.finding import Finding, Verdict
from scumble_cli.checks.machine import GIB

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "Folder"

LEAST_DISK = 5 * GIB
"""An SD 1.x model takes 2 to 4 GB, and results need room to be kept."""

NO_DISK = GIB // 2
"""Below this, jobs fail: one with large pictures takes some hundred MiB."""


def check_state(state: Path) -> Iterator[Finding]:
    """Whether Scumble's folder can be written to, and is its owner's alone."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=state) as file:
            file.write(b"scumble")
    except OSError as error:
        is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        first = "Make room there" if is_full else "Give yourself the right to write there"
        remedy = f"{first}, or set SCUMBLE_STATE to another folder."
        yield Finding(FOLDER, Verdict.BROKEN, f"{state}: {error.strerror}", remedy)
        return
    yield from _owner(state)


def _owner(state: Path) -> Iterator[Finding]:
    if not hasattr(os, "geteuid"):  # on Windows a profile is its user's alone by itself
        yield Finding(FOLDER, Verdict.GOOD, str(state))
        return
    status = state.stat()
    if status.st_uid != os.geteuid():
        facts = f"{state} belongs to another user (number {status.st_uid})"
        remedy = f"Make it yours: chown -R {os.geteuid()} '{state}'"
        yield Finding(FOLDER, Verdict.BROKEN, facts, remedy)
    elif status.st_mode & 0o077:
        facts = f"{state} is open to others ({stat.filemode(status.st_mode)})"
        yield Finding(FOLDER, Verdict.BROKEN, facts, f"Close it: chmod 700 '{state}'")
    else:
        yield Finding(FOLDER, Verdict.GOOD, str(state))


def check_disk(state: Path) -> Finding:
    """Whether there is room for models and results."""
    there = next(folder for folder in (state, *state.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    facts = f"{free / GIB:.1f} GiB free"
    remedy = "Make room, or set SCUMBLE_STATE to a folder on another disk."
    if free < NO_DISK:
        least = f"{facts}; jobs need {NO_DISK / GIB:.1f} GiB"
        return Finding("Disk", Verdict.BROKEN, least, remedy)
    if free < LEAST_DISK:
        return Finding("Disk", Verdict.DOUBTFUL, facts, remedy)
    return Finding("Disk", Verdict.GOOD, facts)


def check_models_folder(state: Path) -> Iterator[Finding]:
    """Whether the folder with models and what is in it can be read; says nothing if it can."""
    models = state / "models"
    try:
        for path in sorted(models.iterdir()) if models.is_symlink() or models.exists() else ():
            if path.is_dir():
                list(path.iterdir())
            elif not path.exists():
                yield _unreadable(f"{path} leads nowhere", path)
            elif path.is_file():
                path.open("rb").close()
    except OSError as error:
        yield _unreadable(f"{error.filename}: {error.strerror}", Path(str(error.filename)))


def _unreadable(facts: str, path: Path) -> Finding:
    remedy = f"Delete it, or give yourself the right to read it: chmod -R u+rX '{path}'"
    return Finding("Models", Verdict.BROKEN, facts, remedy)


def check_journal(state: Path) -> Finding:
    """Whether the journal of jobs is whole; while a server has it, that one sees to it.

    A copy is read, with the part that is still in the log beside it: looking must change nothing.
    """
    journal = state / "journal.sqlite"
    if not journal.exists():
        return Finding("Journal", Verdict.GOOD, "none yet")
    try:
        with tempfile.TemporaryDirectory(prefix="scumble-doctor-") as folder:
            for name in (journal.name, f"{journal.name}-wal"):
                if (state / name).exists():
                    shutil.copy(state / name, folder)
            fault, jobs = _read_journal(Path(folder) / journal.name)
    except sqlite3.DatabaseError as error:
        fault, jobs = str(error), 0
    except OSError as error:
        facts = f"{journal} can't be read: {error.strerror}"
        return Finding("Journal", Verdict.BROKEN, facts, f"Make it yours: chown $USER '{journal}'")
    if fault:
        facts = f"{journal} is damaged: {fault}"
        remedy = "Start the server: it saves what can be read, and keeps the damaged file."
        return Finding("Journal", Verdict.BROKEN, facts, remedy)
    return Finding("Journal", Verdict.GOOD, f"{jobs} jobs")


def _read_journal(journal: Path) -> tuple[str, int]:
    """What is wrong with it, if anything is, and how many jobs are in it."""
    database = sqlite3.connect(journal)
    try:
        (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            return " ".join(str(said).split()), 0
        (is_made,) = database.execute(
            "SELECT count(*) FROM sqlite_master WHERE name = 'jobs'"
        ).fetchone()
        (jobs,) = database.execute("SELECT count(*) FROM jobs").fetchone() if is_made else (0,)
        return "", int(jobs)
    finally:
        database.close()
