"""The most memory that work on a device takes."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

import torch

from scumble_cli.benchmarks.peak import MIB, can_reset, peak, reset_peak, resident

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_TOLD = "Only CUDA, and Linux for its processes, say how much memory was taken at most."


def can_tell(device: torch.device) -> bool:
    """Whether it can be known."""
    return device.type == "cuda" or (device.type == "cpu" and can_reset())


class DevicePeak:
    """Counts from its making on: torch's memory of a GPU, or the whole process's on a CPU.

    Args:
        device: One that `can_tell`.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
            self._before = torch.cuda.memory_allocated(device) / MIB
        else:
            _give_back()
            reset_peak(os.getpid())
            self._before = resident(os.getpid())

    @property
    def most(self) -> float:
        """MiB that were taken at once."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device) / MIB
        return peak(os.getpid())

    @property
    def more(self) -> float:
        """MiB of them that were not taken before."""
        return max(self.most - self._before, 0.0)


def _give_back() -> None:
    """Return what nothing holds any more: else it is taken again and counts as taken before."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)


def more_for(device: torch.device, work: Callable[[], object]) -> float:
    """MiB that some work takes while it is done."""
    counted = DevicePeak(device)
    work()
    return counted.more
