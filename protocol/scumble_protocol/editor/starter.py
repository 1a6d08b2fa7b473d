"""Starting the server that is installed on this machine, for a painter who has none running."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.program import read_program

LOG_NAME = "server.log"
"""What the server writes while it runs."""

OUTPUT_NAME = "start.log"
"""What it says, also where it gets no further. Another file: two writers would spoil each other's
lines, and Windows would let the server put nothing aside that is open here."""

# An editor's own Python and libraries (an AppImage brings both) would break the server's.
_OF_THE_EDITOR = ("PYTHON", "LD_", "QT_", "GI_", "GDK_", "GTK_", "APPDIR", "APPIMAGE")

# DETACHED_PROCESS and CREATE_NEW_PROCESS_GROUP of Windows' CreateProcess.
_APART = 0x8 | 0x200


class Starter:
    """Starts the server in the background, where it outlives the editor.

    Args:
        state: The folder of the server's state.
        environ: The editor's environment.
    """

    def __init__(self, state: Path, environ: Mapping[str, str] = os.environ) -> None:
        self._output = state / OUTPUT_NAME
        self._log = state / LOG_NAME
        self._state = state
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """The file that says what happened last."""
        there = [path for path in (self._output, self._log) if path.is_file()]
        return max(there, key=lambda path: path.stat().st_mtime, default=self._log)

    @property
    def is_possible(self) -> bool:
        """Whether this machine knows how to start a server, and lets an editor do it."""
        # The server lives outside of a Flatpak's sandbox, where no editor may start programs.
        return "FLATPAK_ID" not in self._environ and read_program(self._state) is not None

    def start(self) -> None:
        """Start it, unless the one that was started here still runs; does not wait for it.

        Raises:
            ServerError: It is not installed, or can't be started.
        """
        command = read_program(self._state)
        if command is None:
            raise ServerError(
                ErrorCode.INTERNAL,
                "The Scumble server is not installed on this machine.",
                "Run `python3 installer`, then try again.",
            )
        if self._process is not None and self._process.poll() is None:
            return
        try:
            # For its owner alone, as all that is in the folder.
            output = os.open(self._output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                self._process = self._spawn(command, output)
            finally:
                os.close(output)
        except OSError as error:
            raise ServerError(
                ErrorCode.INTERNAL,
                f"The server could not be started: {error}.",
                "Run `python3 installer` again, or start `scumble serve` in a terminal.",
            ) from error

    def check(self) -> None:
        """See whether the server that was started here ended by itself; told once.

        Raises:
            ServerError: It did; the last line of its log says why.
        """
        if self._process is None or self._process.poll() is None:
            return
        self._process = None
        lines = self._output.read_text("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        raise ServerError(
            ErrorCode.INTERNAL, f"The server ended at once: {last}", "Its log says more."
        )

    def _spawn(self, command: tuple[str, ...], output: int) -> subprocess.Popen[bytes]:
        kept = {k: v for k, v in self._environ.items() if not k.startswith(_OF_THE_EDITOR)}
        return subprocess.Popen(  # noqa: S603 (the command is the installer's)
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=kept,
            cwd=Path.home(),
            # So that closing the editor, or its terminal, does not end the server.
            start_new_session=True,
            creationflags=_APART if sys.platform == "win32" else 0,
        )
