"""What `scumble doctor` says of the GPU: whether it is there, and torch and the driver fit it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.checks.finding import Finding, Verdict
from scumble_cli.checks.machine import SET_UP

if TYPE_CHECKING:
    from types import ModuleType

DEVICE = "Device"

LEAST_DRIVER = {11: 450, 12: 525, 13: 580}
"""The oldest driver for each CUDA, by their first numbers: "Minor Version Compatibility", table 1,
https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html"""

_HIDING = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
"""Variables by which a user says which GPUs programs see; empty or -1 for none."""

_DRIVER_FILE = Path("/proc/driver/nvidia/version")
_SECONDS = 20.0
_VERSION = re.compile(r"\b\d{3,}(?:\.\d+)+\b")


@dataclass(frozen=True)
class Gpu:
    """A GPU that the system's tools show.

    Args:
        maker: NVIDIA or AMD.
        name: What it is called.
        driver: The driver's version; empty if it is not known.
        trouble: What its tool complains of; empty if all is well.
    """

    maker: str
    name: str
    driver: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Torch:
    """What the installed torch is made for.

    Args:
        version: Its version.
        cuda: The version of CUDA that it is built with; empty for none.
        rocm: The same for AMD's ROCm.
        device: The GPU that it can use now; empty for none.
    """

    version: str
    cuda: str = ""
    rocm: str = ""
    device: str = ""


def check_torch() -> Finding:
    """Whether torch starts, and can use the GPU that is there."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return Finding(DEVICE, Verdict.BROKEN, f"torch does not start: {error}", SET_UP)
    return judge(find_gpu(), _torch_here(torch))


def judge(gpu: Gpu | None, torch: Torch) -> Finding:
    """Whether torch fits the GPU."""
    if torch.device:
        return Finding(DEVICE, Verdict.GOOD, f"GPU {torch.device}")
    if gpu is None:
        facts = f"no GPU; the processor's {os.cpu_count()} cores do the work"
        return Finding(DEVICE, Verdict.GOOD, facts)
    if gpu.trouble:
        remedy = f"Restart the computer; if that does not help, install {gpu.maker}'s driver anew."
        return Finding(DEVICE, Verdict.BROKEN, f"the driver does not work: {gpu.trouble}", remedy)
    if not (torch.cuda if gpu.maker == "NVIDIA" else torch.rocm):
        facts = f"{gpu.name} is not used: torch {torch.version} is not made for {gpu.maker}"
        return Finding(DEVICE, Verdict.BROKEN, facts, SET_UP)
    needed = LEAST_DRIVER.get(_first_number(torch.cuda), 0) if gpu.maker == "NVIDIA" else 0
    if gpu.driver and _first_number(gpu.driver) < needed:
        facts = f"the driver of {gpu.name}, {gpu.driver}, is too old for CUDA {torch.cuda}"
        return Finding(
            DEVICE, Verdict.BROKEN, facts, f"Update the driver to {needed} or newer, and restart."
        )
    return _unused(gpu, torch)


def _unused(gpu: Gpu, torch: Torch) -> Finding:
    """Why a GPU is not used that all fits."""
    for variable in _HIDING:
        if os.environ.get(variable) in {"", "-1"}:
            facts = f"{gpu.name} is hidden from torch by {variable}"
            return Finding(DEVICE, Verdict.DOUBTFUL, facts, f"Unset {variable} to use it.")
    facts = f"{gpu.name} is there, but torch {torch.version} can't use it"
    return Finding(DEVICE, Verdict.BROKEN, facts, "Restart the computer, and look again.")


def find_gpu() -> Gpu | None:
    """The GPU that the tools of NVIDIA or AMD show, if there is one."""
    return _nvidia() or _amd()


def _nvidia() -> Gpu | None:
    if shutil.which("nvidia-smi") is None:
        driver = _VERSION.search(_text(_DRIVER_FILE))
        return Gpu("NVIDIA", "an NVIDIA GPU", driver.group()) if driver else None
    code, said = _output("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    first = said.strip().partition("\n")[0]
    name, comma, driver_version = first.rpartition(", ")
    if code or not comma:
        return Gpu("NVIDIA", "an NVIDIA GPU", trouble=first or "nvidia-smi says nothing")
    return Gpu("NVIDIA", name, driver_version)


def _amd() -> Gpu | None:
    if shutil.which("rocminfo") is None:
        return None
    _, said = _output("rocminfo")
    for agent in said.split("*******"):
        if re.search(r"Device Type:\s+GPU", agent):
            name = re.search(r"Marketing Name:\s+(\S.*)", agent)
            return Gpu("AMD", name.group(1).strip() if name else "an AMD GPU")
    return None


def _torch_here(torch: ModuleType) -> Torch:
    device = ""
    if torch.cuda.is_available():  # which speaks for ROCm, too
        device = torch.cuda.get_device_name(0)
    elif torch.backends.mps.is_available():
        device = "of this Mac"
    elif hasattr(torch, "xpu") and torch.xpu.is_available():
        device = "of Intel"
    return Torch(torch.__version__, torch.version.cuda or "", torch.version.hip or "", device)


def _first_number(version: str) -> int:
    first = version.partition(".")[0]
    return int(first) if first.isdecimal() else 0


def _output(*command: str) -> tuple[int, str]:
    """The exit code of a tool, and what it said."""
    try:
        ended = subprocess.run(  # noqa: S603  (a tool of the driver, found on the path)
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return 1, str(error)
    return ended.returncode, ended.stdout or ended.stderr


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
