"""Makes the lock files: every package with its version and hashes, and no address of any index.

There are four, because they are installed apart: uv itself by pip; what Scumble needs; torch, by
version alone since each kind of GPU has builds of its own; and what only the tests need.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from scumble_installer import plan
from scumble_installer.errors import UnsuitableMachineError
from scumble_installer.machine import Machine


class Entry(NamedTuple):
    """One package of a lock file, for all systems and Pythons or for some."""

    name: str
    version: str
    lines: str
    """All lines about it, its hashes included."""


Lock = tuple[Entry, ...]

_WITH_TORCH: Final = ("torch", "torchvision")
# What torch's builds for CUDA bring along, in versions of their own for each build.
_OF_TORCH: Final = re.compile(r"(torch|torchvision|triton|nvidia-.*|cuda-.*|pytorch-triton-.*)")
_UV_WANTED: Final = "installer/requirements-uv.in"
_OLDEST: Final = ".".join(map(str, plan.OLDEST_PYTHON))
_ENTRY: Final = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^\s;]+)", re.MULTILINE)


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
    needed = _compile(machine, text_of(everything), *project)
    uv = _compile(machine, "" if upgrade else _read(folder / plan.UV), str(folder / _UV_WANTED))

    _write(folder / plan.UV, uv)
    _write(folder / plan.PACKAGES, leave_out(needed, lambda name: bool(_OF_TORCH.fullmatch(name))))
    torch = [f"{name}=={version}\n" for name, version, _ in needed if name in _WITH_TORCH]
    (folder / plan.TORCH).write_text("".join(torch), "utf-8")
    known_names = {entry.name for entry in needed}
    _write(folder / plan.TEST_PACKAGES, leave_out(everything, known_names.__contains__))


def split(text: str) -> Lock:
    """The packages of a lock file, in the order of the file."""
    found = list(_ENTRY.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return tuple(
        Entry(match["name"], match["version"], text[match.start() : end])
        for match, end in zip(found, ends, strict=True)
    )


def text_of(lock: Lock) -> str:
    """What a lock file says."""
    return "".join(entry.lines for entry in lock)


def leave_out(lock: Lock, is_unwanted: Callable[[str], bool]) -> Lock:
    """The packages but those whose names are unwanted."""
    return tuple(entry for entry in lock if not is_unwanted(entry.name))


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
    file.write_text(text_of(lock), "utf-8")


def _read(file: Path) -> str:
    return file.read_text("utf-8") if file.is_file() else ""
