"""A server of the command's own, for as long as the command runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from scumble_protocol import endpoint
from scumble_protocol.errors import ErrorCode, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scumble_protocol.endpoint import Endpoint

START_SECONDS = 60.0
"""A server needs about one second; a machine that scans every new program for viruses, more."""

STOP_SECONDS = 10.0
POLL_SECONDS = 0.02


@contextmanager
def own_server(state: Path) -> Iterator[Endpoint]:
    """Start a server on a free port of this machine, and end it at the end.

    Its state folder is the user's own, so that the journal and the models are shared.

    Raises:
        ServerError: It ended, or said nothing, before it was ready.
    """
    with tempfile.TemporaryFile() as log:
        command = [sys.executable, "-m", "scumble_cli", "serve", "--port", "0"]
        # A session of its own: Ctrl-C is for the command, which then cancels its job and ends it.
        process = subprocess.Popen(  # noqa: S603  (every word of it is ours)
            [*command, "--state", str(state)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield _await(process, state, log)
        finally:
            _end(process)


def _await(process: subprocess.Popen[bytes], state: Path, log: IO[bytes]) -> Endpoint:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = endpoint.read(state)
        if found is not None and found.pid == process.pid:
            return found
        if process.poll() is not None:
            raise ServerError(
                ErrorCode.INTERNAL,
                f"The server ended as it started: {_last_line(log)}",
                "`scumble doctor` looks for the cause.",
            )
        time.sleep(POLL_SECONDS)
    raise ServerError(
        ErrorCode.INTERNAL,
        f"The server was not ready after {START_SECONDS:.0f} seconds.",
        "`scumble serve` shows what it is doing.",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip().removeprefix("scumble: ") if lines else "it said nothing."
