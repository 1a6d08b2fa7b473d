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
        self.log = state / LOG_NAME
        self._state = state
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None

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
            with self.log.open("wb") as log:
                self._process = self._spawn(command, log.fileno())
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
        lines = self.log.read_text("utf-8", "replace").split("\n")
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
