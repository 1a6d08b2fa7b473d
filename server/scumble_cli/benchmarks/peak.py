"""The most memory that a process had, as its system counts it."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

MIB = 2**20
_RESET_PEAK = "5"
"""What `/proc/PID/clear_refs` takes to forget the peak; see `man 5 proc`."""


def resident(pid: int) -> float:
    """MiB that the process has now."""
    return float(psutil.Process(pid).memory_info().rss) / MIB


def can_reset() -> bool:
    """Whether the peak of a while can be told from that before it; only Linux can."""
    return sys.platform == "linux"


def reset_peak(pid: int) -> None:
    """Count the peak from now on."""
    Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK, "ascii")


def peak(pid: int) -> float:
    """MiB that the process had at most since `reset_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return float(line.split()[1]) / 1024
    raise ProcessLookupError(pid)
