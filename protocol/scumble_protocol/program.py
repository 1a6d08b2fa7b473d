"""The program file: how an editor starts the server that is installed on the same machine.

The file `program.json` in the state folder is written by the installer and by every server that
starts, so that it names the one that was used last.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from scumble_protocol.private_file import read_values, write_values

FILE_NAME = "program.json"


def write_program(folder: Path, command: Sequence[str], version: str) -> None:
    """Put the program file into the folder, making the folder if need be.

    Args:
        folder: The state folder.
        command: The program by its absolute path, and its arguments.
        version: The server's version.

    Raises:
        OSError: The folder can't be made or written.
    """
    write_values(folder, FILE_NAME, {"command": list(command), "version": version})


def read_program(folder: Path) -> tuple[str, ...] | None:
    """The command that starts the server; None if none is known or its program has vanished."""
    command = (read_values(folder, FILE_NAME) or {}).get("command")
    if not isinstance(command, list) or not command:
        return None
    if not all(isinstance(word, str) and word and "\0" not in word for word in command):
        return None
    program = Path(command[0])
    is_there = program.is_absolute() and program.is_file() and os.access(program, os.X_OK)
    return tuple(command) if is_there else None
