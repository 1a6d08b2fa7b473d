"""Whether Krita runs: it keeps the plugin's modules loaded, and more of them are still to come."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NAME: Final = "krita"
_SECONDS: Final = 10
"""For the programs that list processes elsewhere than on Linux."""


def is_krita_running(
    resources: Path,
    platform: str = sys.platform,
    processes: Path = Path("/proc"),
) -> bool:
    """Whether a Krita runs that uses this resource folder.

    On Linux it is known by the database that it keeps open there; elsewhere any Krita counts.

    Args:
        resources: The folder.
        platform: As `sys.platform`.
        processes: Where Linux shows its processes.
    """
    if platform == "linux":
        folder = resources.resolve()
        return any(folder in file.parents for file in _open_files(processes))
    if platform == "win32":
        answer = _words_of("tasklist", "/NH", "/FI", f"IMAGENAME eq {_NAME}.exe")
        return f"{_NAME}.exe" in answer
    return bool(_words_of("pgrep", "-x", _NAME))


def _open_files(processes: Path) -> Iterator[Path]:
    """The files that running Kritas have open."""
    for process in processes.iterdir():
        if process.name.isdecimal():
            yield from _open_files_of(process)


def _open_files_of(process: Path) -> tuple[Path, ...]:
    try:
        if not (process / "comm").read_text("utf-8").startswith(_NAME):
            return ()
        return tuple(handle.readlink() for handle in (process / "fd").iterdir())
    except OSError:  # it has just ended, or belongs to another user
        return ()


def _words_of(*command: str) -> str:
    try:
        answer = subprocess.run(
            command, capture_output=True, timeout=_SECONDS, check=False, text=True
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout
