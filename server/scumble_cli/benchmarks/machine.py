"""The machine that figures are taken on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

import psutil

from scumble_cli.version import version

GIB = 2**30


def machine() -> dict[str, str]:
    """What the figures were measured on; the load tells what else ran."""
    return {
        "scumble": version(),
        "torch": _installed("torch"),
        "diffusers": _installed("diffusers"),
        "numpy": _installed("numpy"),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "processor": f"{_processor()}, {_cores()} cores",
        "memory": f"{psutil.virtual_memory().total / GIB:.0f} GiB",
        "device": _device(),
        "load": load(),
    }


def load() -> str:
    """How many programs wanted a core in the last minute, on average."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _installed(package: str) -> str:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return "not installed"


def _device() -> str:
    """What models run on. The server's own package comes first: it sets up torch's threads."""
    from scumble_server.models.device import choose_device, describe_device

    device = choose_device("auto")
    return describe_device(device).name if device.type == "cuda" else device.type


def _processor() -> str:
    """The processor's name for people; Python's own answer is only its architecture on Linux."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
