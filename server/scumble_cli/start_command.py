"""Leaves a note for the editors' button "Start server": how it is started on this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scumble_cli.version import version
from scumble_protocol.program import write_program

if TYPE_CHECKING:
    from pathlib import Path


def start_command() -> tuple[str, ...]:
    """The program and its arguments; those of `scumble serve` may follow."""
    # -I: an editor's PYTHONHOME and the folder that it was started in are not for the server.
    return (sys.executable, "-I", "-m", "scumble_cli", "serve")


def note_start_command(state: Path) -> None:
    """Write the program file into the state folder, or say why that can't be done."""
    try:
        write_program(state, start_command(), version())
    except OSError as error:
        sys.stderr.write(f"The editors can't be told how to start the server: {error}\n")
