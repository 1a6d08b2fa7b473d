"""What the device will probably be, for clients that come before the worker has set it up."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import psutil

from scumble_protocol.messages import Device

_NVIDIA = Path("/proc/driver/nvidia/gpus")
"""One folder a GPU, where the driver is loaded on Linux."""


def guess_device(name: str, gpus: Path = _NVIDIA) -> Device:
    """The device for a name of `ServerConfig.device`, without importing torch, which takes seconds.

    The memory of a GPU is not known yet and is 0 here.
    """
    if name == "auto":
        name = _best(gpus)
    memory = int(psutil.virtual_memory().total)
    if name == "cpu":
        return Device("cpu", platform.processor() or platform.machine(), memory)
    kind, _, index = name.partition(":")
    if kind == "mps":
        return Device("mps", "MPS", memory)
    return Device(f"{kind}:{index or 0}", kind.upper(), 0)


def _best(gpus: Path) -> str:
    if gpus.is_dir() and any(gpus.iterdir()):
        return "cuda"
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps"
    return "cpu"
