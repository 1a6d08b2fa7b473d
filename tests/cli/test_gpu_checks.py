"""The doctor sees a GPU that torch or the driver keeps from being used."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from scumble_cli.checks import gpu
from scumble_cli.checks.finding import Verdict
from scumble_cli.checks.gpu import Gpu, Torch, check_torch, find_gpu, judge

if TYPE_CHECKING:
    from pathlib import Path

CARD = "NVIDIA GeForce RTX 4090"
ROCM = """\
*******
Agent 1
*******
  Marketing Name:          AMD Ryzen 9
  Device Type:             CPU
*******
Agent 2
*******
  Marketing Name:          AMD Radeon RX 7900 XTX
  Device Type:             GPU
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tools here are shell scripts")


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that alone is searched for programs, on a machine without a driver's files."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(gpu, "_DRIVER_FILE", tmp_path / "version")
    for variable in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def put_tool(programs: Path, name: str, says: str, code: int = 0) -> None:
    tool = programs / name
    tool.write_text(
        f"#!/bin/sh\nwhile read -r line; do echo \"$line\"; done <<'END'\n{says}\nEND\n"
        f"exit {code}\n"
    )
    tool.chmod(0o755)


def put_nvidia_smi(programs: Path, driver: str) -> None:
    put_tool(programs, "nvidia-smi", f"{CARD}, {driver}")


def put_torch(monkeypatch: pytest.MonkeyPatch, *, cuda: str | None, rocm: str | None) -> None:
    """Let the torch that is installed be one that was built for this."""
    import torch

    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.version, "hip", rocm)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_torch_for_processors_on_a_machine_with_an_nvidia_gpu(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_nvidia_smi(programs, "580.65.06")
    put_torch(monkeypatch, cuda=None, rocm=None)
    finding = check_torch()
    assert finding.verdict is Verdict.BROKEN
    assert CARD in finding.facts
    assert "not made for NVIDIA" in finding.facts
    assert "python3 installer" in finding.remedy


def test_torch_for_nvidia_on_a_machine_with_an_amd_gpu(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_tool(programs, "rocminfo", ROCM)
    put_torch(monkeypatch, cuda="13.0", rocm=None)
    finding = check_torch()
    assert finding.verdict is Verdict.BROKEN
    assert "AMD Radeon RX 7900 XTX is not used" in finding.facts
    assert "python3 installer" in finding.remedy


@pytest.mark.parametrize(
    ("cuda", "driver", "needed"),
    [("13.0", "575.64.03", 580), ("12.8", "470.256.02", 525), ("11.8", "440.33", 450)],
)
def test_driver_that_is_too_old_for_torch(
    programs: Path, monkeypatch: pytest.MonkeyPatch, cuda: str, driver: str, needed: int
) -> None:
    put_nvidia_smi(programs, driver)
    put_torch(monkeypatch, cuda=cuda, rocm=None)
    finding = check_torch()
    assert finding.verdict is Verdict.BROKEN
    assert f"{driver}, is too old for CUDA {cuda}" in finding.facts
    assert f"{needed} or newer" in finding.remedy


def test_gpu_that_torch_does_not_see_although_all_fits(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_nvidia_smi(programs, "525.60.13")
    put_torch(monkeypatch, cuda="12.8", rocm=None)
    finding = check_torch()
    assert finding.verdict is Verdict.BROKEN
    assert "can't use it" in finding.facts
    assert "Restart the computer" in finding.remedy


def test_gpu_that_the_user_hides_is_told_as_such(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_nvidia_smi(programs, "580.65.06")
    put_torch(monkeypatch, cuda="13.0", rocm=None)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    finding = check_torch()
    assert finding.verdict is Verdict.DOUBTFUL
    assert "hidden from torch by CUDA_VISIBLE_DEVICES" in finding.facts
    assert "Unset" in finding.remedy


def test_driver_that_is_installed_and_does_not_run(programs: Path) -> None:
    put_tool(programs, "nvidia-smi", "couldn't communicate with the NVIDIA driver", code=9)
    finding = judge(find_gpu(), Torch("2.13", cuda="13.0"))
    assert finding.verdict is Verdict.BROKEN
    assert "couldn't communicate" in finding.facts
    assert finding.remedy


def test_driver_without_its_tool_is_read_from_the_kernel(programs: Path) -> None:
    (programs / "version").write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  470.57.02  Release Build\n"
    )
    assert find_gpu() == Gpu("NVIDIA", "an NVIDIA GPU", "470.57.02")


def test_tool_of_amd_without_a_gpu_shows_none(programs: Path) -> None:
    put_tool(programs, "rocminfo", ROCM.partition("Agent 2")[0])
    assert find_gpu() is None


def test_machine_without_a_gpu_and_one_whose_gpu_works_are_sound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_torch(monkeypatch, cuda=None, rocm=None)
    finding = check_torch()
    assert (finding.verdict, "no GPU" in finding.facts) == (Verdict.GOOD, True)
    assert (
        judge(Gpu("NVIDIA", CARD, "580.1"), Torch("2", "13.0", device=CARD)).verdict is Verdict.GOOD
    )
