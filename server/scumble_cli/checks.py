"""What `scumble doctor` looks at on this machine; each check is a function that gives a finding."""

from __future__ import annotations

import enum
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

GIB = 2**30
LEAST_MEMORY = 4 * GIB
"""The starter and torch need about 2 GiB; an SD 1.x model in single precision 4 GiB."""

LEAST_DISK = 5 * GIB
"""An SD 1.x model takes 2 to 4 GB, and results need room to be kept."""

OLDEST_PYTHON = (3, 11)


class Verdict(str, enum.Enum):
    """Whether a finding keeps Scumble from working."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """What a check found: its subject, a verdict, the facts, and what would mend them."""

    subject: str
    verdict: Verdict
    facts: str
    remedy: str = ""


def check_python() -> Finding:
    """Whether this Python is new enough."""
    facts = f"{'.'.join(map(str, sys.version_info[:3]))} at {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        needed = ".".join(map(str, OLDEST_PYTHON))
        return Finding("Python", Verdict.BROKEN, facts, f"Install Python {needed} or newer.")
    return Finding("Python", Verdict.GOOD, facts)


def check_packages() -> Finding:
    """Whether everything that Scumble depends on is installed."""
    try:
        wanted = [line for line in requires("scumble") or () if "extra ==" not in line]
    except PackageNotFoundError:
        return Finding("Packages", Verdict.BROKEN, "Scumble is not installed.", _SET_UP)
    names = [_package_name(line) for line in wanted]
    missing = [name for name in names if not _installed(name)]
    if missing:
        return Finding("Packages", Verdict.BROKEN, f"missing: {', '.join(missing)}", _SET_UP)
    return Finding("Packages", Verdict.GOOD, f"all {len(names)} there, torch {version('torch')}")


def check_torch() -> Finding:
    """Whether torch starts, and which device it sees."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return Finding("Device", Verdict.BROKEN, f"torch does not start: {error}", _SET_UP)
    if torch.cuda.is_available():
        return Finding("Device", Verdict.GOOD, f"GPU {torch.cuda.get_device_name(0)}")
    if torch.backends.mps.is_available():
        return Finding("Device", Verdict.GOOD, "GPU of this Mac")
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        return Finding("Device", Verdict.GOOD, "Intel GPU")
    facts = f"no GPU; the processor's {os.cpu_count()} cores do the work"
    if shutil.which("nvidia-smi"):
        remedy = "This machine has an NVIDIA driver: run the installer again for the right torch."
        return Finding("Device", Verdict.DOUBTFUL, facts, remedy)
    return Finding("Device", Verdict.GOOD, facts)


def check_memory() -> Finding:
    """Whether the machine has memory enough for the smallest models."""
    if not hasattr(os, "sysconf"):
        return Finding("Memory", Verdict.DOUBTFUL, "unknown on this system", "4 GiB are needed.")
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    facts = f"{total / GIB:.1f} GiB"
    if total < LEAST_MEMORY:
        return Finding("Memory", Verdict.DOUBTFUL, facts, "Use small models only.")
    return Finding("Memory", Verdict.GOOD, facts)


def check_state(state: Path) -> Finding:
    """Whether Scumble's folder can be written to."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=state) as file:
            file.write(b"scumble")
    except OSError as error:
        remedy = "Give yourself the right to write there, or set SCUMBLE_STATE to another folder."
        return Finding("Folder", Verdict.BROKEN, f"{state}: {error.strerror}", remedy)
    return Finding("Folder", Verdict.GOOD, str(state))


def check_disk(state: Path) -> Finding:
    """Whether there is room for models and results."""
    there = next(folder for folder in (state, *state.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    facts = f"{free / GIB:.1f} GiB free"
    if free < LEAST_DISK:
        remedy = "Make room, or set SCUMBLE_STATE to a folder on another disk."
        return Finding("Disk", Verdict.DOUBTFUL, facts, remedy)
    return Finding("Disk", Verdict.GOOD, facts)


_SET_UP = "Run the installer again: python3 installer"


def _package_name(requirement: str) -> str:
    """`msgpack` of `msgpack>=1.1; python_version > "3"`."""
    end = next((i for i, letter in enumerate(requirement) if letter in "<>=!~;[ ("), None)
    return requirement[:end]


def _installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False
