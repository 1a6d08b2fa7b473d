"""Makes the lock files: every package with its version and hashes, and no address of any index.

There are four, because they are installed apart: uv itself by pip; what Scumble needs; torch, by
version alone since each kind of GPU has builds of its own; and what only the tests need.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from scumble_installer import plan
from scumble_installer.errors import UnsuitableMachineError
from scumble_installer.machine import Machine

Lock = Mapping[str, str]
"""From the name of each package to its lines in the file."""

_WITH_TORCH: Final = ("torch", "torchvision")
# What torch's builds for CUDA bring along, in versions of their own for each build.
_OF_TORCH: Final = re.compile(r"(torch|torchvision|triton|nvidia-.*|cuda-.*|pytorch-triton-.*)")
_UV_WANTED: Final = "installer/requirements-uv.in"
_OLDEST: Final = ".".join(map(str, plan.OLDEST_PYTHON))
_ENTRY: Final = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;]+)", re.MULTILINE)


def write_locks(machine: Machine, *, upgrade: bool) -> None:
    """Write all four, keeping to the versions they have unless an upgrade is wanted.

    Raises:
        UnsuitableMachineError: uv isn't set up, or finds no set of versions that fit together.
    """
    folder = machine.checkout
    files = (plan.TORCH, plan.PACKAGES, plan.TEST_PACKAGES)
    known = "" if upgrade else "\n".join(_read(folder / file) for file in files)
    project = (str(folder / plan.PROJECT), "--group", "build")
    everything = _compile(machine, known, *project, "--group", "test")
    # With everything's versions as the known ones, so that both agree.
    needed = _compile(machine, "".join(everything.values()), *project)
    uv = _compile(machine, "" if upgrade else _read(folder / plan.UV), str(folder / _UV_WANTED))

    _write(folder / plan.UV, uv)
    _write(folder / plan.PACKAGES, select(needed, lambda name: not _OF_TORCH.fullmatch(name)))
    torch = (f"{name}=={version_of(needed, name)}" for name in _WITH_TORCH)
    (folder / plan.TORCH).write_text("\n".join([*torch, ""]), "utf-8")
    _write(folder / plan.TEST_PACKAGES, select(everything, lambda name: name not in needed))


def split(text: str) -> Lock:
    """The packages of a lock file, each with the lines about it."""
    starts = [(match.group(1), match.start()) for match in _ENTRY.finditer(text)]
    ends = [start for _, start in starts[1:]] + [len(text)]
    return {name: text[start:end] for (name, start), end in zip(starts, ends, strict=True)}


def select(lock: Lock, is_wanted: Callable[[str], bool]) -> Lock:
    """Those packages whose names are wanted."""
    return {name: lines for name, lines in lock.items() if is_wanted(name)}


def version_of(lock: Lock, name: str) -> str:
    """The version that a package is locked to."""
    match = _ENTRY.match(lock[name])
    if match is None:
        raise AssertionError(f"{name} has no version in its own entry")
    return match.group(2)


def _compile(machine: Machine, known: str, *arguments: str) -> Lock:
    """Let uv find the versions, for every system and Python, preferring the known ones."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.lock"
        file.write_text(known, "utf-8")
        uv = (machine.program("uv"), "pip", "compile", "--quiet", "--no-header", "--no-annotate")
        wanted = ("--universal", "--python-version", _OLDEST, "--generate-hashes")
        command = (*uv, *wanted, "--output-file", str(file), *arguments)
        done = subprocess.run(command, check=False)
        if done.returncode != 0:
            raise UnsuitableMachineError(
                "uv could not make the lock files; its own words are above.",
                "Run `python3 installer test --dry-run`: it says what of the set-up is missing.",
            )
        return split(file.read_text("utf-8"))


def _write(file: Path, lock: Lock) -> None:
    file.write_text("".join(lock.values()), "utf-8")


def _read(file: Path) -> str:
    return file.read_text("utf-8") if file.is_file() else ""
