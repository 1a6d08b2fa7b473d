"""What a service is, whatever system starts it, and what has to be done for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

Command = tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """The server as it is to be started.

    Args:
        command: The program by its absolute path, and its arguments.
        state: The state folder.
        user: Who it runs for, as the system calls them; on macOS the number.
        has_nvidia: Whether it may have to load NVIDIA's driver.
    """

    command: Command
    state: Path
    user: str
    has_nvidia: bool = False


@dataclass(frozen=True)
class Plan:
    """What makes a service and takes it away again.

    Args:
        file: The file that defines it.
        content: What is in the file.
        start: Commands that have the system start the service now; in order, all must succeed.
        stop: Commands that end it and have the system forget it, before the file goes; those of a
            service that the system does not know fail.
        forget: Commands for after the file is gone.
        ask: A command that succeeds if the system runs the service, or stands ready to.
        link: A link to the file by which the system starts it at login, if it needs one.
        folders: Folders to remove afterwards if nothing is left in them, the innermost first.
    """

    file: Path
    content: bytes
    start: tuple[Command, ...]
    stop: tuple[Command, ...]
    ask: Command
    forget: tuple[Command, ...] = ()
    link: Path | None = None
    folders: tuple[Path, ...] = ()
