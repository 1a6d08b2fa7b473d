"""Starting and surely ending the programs that a test drives."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tests.timing import MS

Found = TypeVar("Found")


def start(
    command: Sequence[str], log: Path, environment: Mapping[str, str], folder: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, with its output in a file."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program and whatever it started."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(8000 * MS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(find: Callable[[], Found | None], seconds: float, what: str) -> Found:
    """Ask until there is an answer; the failure says what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        found = find()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"no {what} within {seconds:.0f} s")
        time.sleep(0.05)


def last_words(log: Path) -> str:
    """The end of a log, for the message of a failure."""
    return log.read_text("utf-8", "replace")[-3000:] if log.is_file() else "(no log)"
