"""Makes a service, takes it away, and asks the system about it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, ServerError

if TYPE_CHECKING:
    from scumble_cli.services.service import Command, Plan

_SECONDS = 60.0


def is_installed(plan: Plan) -> bool:
    """Whether the service is set up, in this version or another."""
    return plan.file.exists() or (plan.link is not None and plan.link.is_symlink())


def is_current(plan: Plan) -> bool:
    """Whether what is set up is what would be set up now."""
    try:
        is_same = plan.file.read_bytes() == plan.content
    except OSError:
        return False
    return is_same and (plan.link is None or plan.link.is_symlink())


def is_active(plan: Plan) -> bool:
    """Whether the system runs the service, or stands ready to."""
    return not _run(plan.ask)


def write(plan: Plan) -> None:
    """Put the files there, in place of older ones.

    Raises:
        ServerError: They can't be written.
    """
    try:
        plan.file.parent.mkdir(parents=True, exist_ok=True)
        _replace(plan.file, plan.content)
        if plan.link is not None:
            plan.link.parent.mkdir(parents=True, exist_ok=True)
            plan.link.unlink(missing_ok=True)
            plan.link.symlink_to(plan.file)
    except OSError as error:
        raise _unwritable(error) from error


def start(plan: Plan) -> None:
    """Have the system start the service now, again if it runs.

    Raises:
        ServerError: The system does not.
    """
    for command in plan.start:
        if said := _run(command):
            raise ServerError(
                ErrorCode.INTERNAL,
                f"The service is set up, but `{' '.join(command)}` failed: {said.rstrip('.')}.",
                "It is tried again when you log in next.",
            )


def remove(plan: Plan) -> None:
    """Stop the service and take away all that was made for it.

    Raises:
        ServerError: A file can't be removed.
    """
    for command in plan.stop:
        _run(command)  # it fails where the system has not got to know the service
    try:
        for path in filter(None, (plan.link, plan.file)):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(error) from error
    for folder in plan.folders:
        with contextlib.suppress(OSError):  # there is something else in it
            folder.rmdir()
    for command in plan.forget:
        _run(command)


def _run(command: Command) -> str:
    """What a command that failed said; empty if it succeeded."""
    try:
        ended = subprocess.run(  # noqa: S603  (the system's own programs, with words of ours)
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if ended.returncode == 0:
        return ""
    said = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
    return said[-1] if said else f"it ended with code {ended.returncode}"


def _replace(file: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink()
        raise


def _unwritable(error: OSError) -> ServerError:
    return ServerError(
        ErrorCode.INTERNAL,
        f"{error.filename} can't be changed: {error.strerror or error}.",
        "Give yourself the right to write there.",
    )
