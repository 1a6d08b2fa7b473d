"""A server of the command's own, for as long as the command runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from scumble_protocol import endpoint
from scumble_protocol.errors import ErrorCode, ServerError

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 60.0
"""A server needs about one second; a machine that scans every new program for viruses, more."""

STOP_SECONDS = 10.0
POLL_SECONDS = 0.02

ASK_THE_DOCTOR = "`scumble doctor` looks for the cause."
"""What to do about a server that ended; the doctor itself says something else."""


class OwnServer:
    """A server on a free port of this machine, ended by its process id.

    Args:
        state: Its state folder: the user's own, so that journal and models are shared.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)

    def start(self) -> None:
        """Start it, and wait until it can be connected to.

        Raises:
            ServerError: It ended, or said nothing, before it was ready.
        """
        # A session of its own: Ctrl-C is for the command, which then cancels its job and ends it.
        self._process = subprocess.Popen(  # noqa: S603  (every word of it is ours)
            [sys.executable, "-m", "scumble_cli", "serve", "--port=0", f"--state={self._state}"],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        try:
            self._await_endpoint()
        except BaseException:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def check(self) -> None:
        """Make sure that it lives.

        Raises:
            ServerError: It has ended.
        """
        if self._process.poll() is not None:
            raise ServerError(
                ErrorCode.INTERNAL,
                f"The server has ended: {self._last_line()}",
                ASK_THE_DOCTOR,
            )

    def end(self) -> None:
        """Ask it to end, and see to it that it does."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _await_endpoint(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = endpoint.read(self._state)
            if found is not None and found.pid == self._process.pid:
                return
            self.check()
            time.sleep(POLL_SECONDS)
        raise ServerError(
            ErrorCode.INTERNAL,
            f"The server was not ready after {START_SECONDS:.0f} seconds.",
            "`scumble serve` shows what it is doing.",
        )

    def _last_line(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return said[-1].removeprefix("scumble: ") if said else "it said nothing."
