"""What the plug-in remembers, shared by all of its processes: GIMP runs each call in its own."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from scumble_protocol.editor.memory import Memory, Pending
from scumble_protocol.endpoint import is_alive_on_windows
from scumble_protocol.private_file import read_values, write_values

MEMORY_FILE: Final = "panel-gimp.json"
JOBS_FOLDER: Final = "jobs-gimp"

HOMELESS: Final = ""
"""The key of a job whose picture was closed without ever having been saved."""


@dataclass
class GimpMemory(Memory):
    """The memory of one process; every job has a file of its own, which names the process.

    In a single file two processes would overwrite each other's jobs. And since GIMP's Cancel kills
    a plug-in, only the process id tells a job that was left behind from one that is worked on.

    Args:
        jobs: The folder of the jobs' files.
        pid: The process that takes on jobs.
    """

    jobs: Path = field(kw_only=True)
    pid: int = field(default_factory=os.getpid, kw_only=True)

    @classmethod
    def of_state(cls, state: Path) -> GimpMemory:
        """The memory that is kept in the state folder."""
        file = state / MEMORY_FILE
        kept = Memory.of(file)
        return cls(file, kept.order, kept.prompts, jobs=state / JOBS_FOLDER)

    def expect(self, job: str, pending: Pending) -> None:
        """Remember a job of this process until it is over."""
        if self.pending.get(job) != pending:
            self.pending[job] = pending
            values = {**asdict(pending), "pid": self.pid}
            write_values(self.jobs, f"{job}.json", values)

    def over(self, job: str) -> None:
        """Forget a job."""
        self.pending.pop(job, None)
        (self.jobs / f"{job}.json").unlink(missing_ok=True)

    def of_picture(self, key: str) -> Iterator[str]:
        """The jobs of a picture: this process's, and those left behind, which it takes on."""
        for job, pending in self.left_behind(key).items():
            self.expect(job, pending)
        return super().of_picture(key)

    def left_behind(self, key: str) -> dict[str, Pending]:
        """The jobs of a picture whose process has ended before they did, the oldest first.

        Those of pictures that can't come back, since they were never saved, are any picture's.
        """
        files = sorted(self.jobs.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        found = {file.stem: read_values(self.jobs, file.name) for file in files}
        return {
            job: Pending(key, str(values.get("title")), str(values.get("server", "")))
            for job, values in found.items()
            if values is not None
            and (values.get("key") == key or _is_homeless(values.get("key")))
            and job not in self.pending
            and not is_alive(values.get("pid"))
        }


def _is_homeless(key: Any) -> bool:
    """Whether a key (see `GimpPicture.key`) is that of a picture that can't be opened again."""
    if not isinstance(key, str) or key == HOMELESS:
        return True
    gimp = re.match(r"gimp:(\d+):", key)
    return gimp is not None and not is_alive(int(gimp[1]))


def is_alive(pid: Any) -> bool:
    """Whether a process runs, by what a file says its id is."""
    if not isinstance(pid, int) or pid < 1:
        return False
    if sys.platform == "win32":
        return is_alive_on_windows(pid, ctypes.WinDLL("kernel32"))
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # it lives, under another user
    return True
