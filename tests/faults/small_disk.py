"""A disk that is full: a small one of its own where that may be mounted, else a limit."""

from __future__ import annotations

import contextlib
import resource
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.fault import FILLER, fill_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.servers import Server

MEBIBYTES = 8


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a disk of a few MiB on this folder; whether that is allowed."""
    folder.mkdir(exist_ok=True)
    mount = shutil.which("mount")
    is_mounted = (
        mount is not None
        and not subprocess.run(
            [mount, "-t", "tmpfs", "-o", f"size={MEBIBYTES}m", "tmpfs", str(folder)],
            check=False,
            capture_output=True,
        ).returncode
    )
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def take_room(server: Server) -> None:
    """Let nothing more be written by this server: ENOSPC on a small disk, else EFBIG."""
    if server.state.parent.is_mount():
        fill_disk(server.state)
    else:
        _limit(server, 0)


def make_room(server: Server) -> None:
    """Let it write again."""
    (server.state.parent / FILLER).unlink(missing_ok=True)
    if server.is_alive:
        _limit(server, resource.RLIM_INFINITY)


def _limit(server: Server, most: int) -> None:
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
