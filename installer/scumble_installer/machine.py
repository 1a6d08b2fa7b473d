"""A frozen description of the machine: all that a plan may depend on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

Version = tuple[int, int]


class Stamp(NamedTuple):
    """A set-up step that was done, and a digest of what it was done with."""

    step: str
    digest: str


class Interpreter(NamedTuple):
    """A Python that runs, and whether it can make virtual environments."""

    path: str
    version: Version
    makes_environments: bool


@dataclass(frozen=True)
class Digests:
    """Digests of the files that decide what is installed."""

    uv: str
    packages: str
    torch: str
    test_packages: str
    project: str


@dataclass(frozen=True)
class Debian:
    """What matters of a Debian system, on the machines that are one."""

    is_root: bool
    mirror: str | None
    """Where apt gets Debian from, by its own configuration."""
    missing_packages: tuple[str, ...]
    """Those packages of `debian.EDITOR_PACKAGES` that are not installed."""
    finished_roots: frozenset[Path] = frozenset()
    """Those folders of `debian.gimp_roots` that are complete."""


@dataclass(frozen=True)
class Machine:
    """The machine as it was found; making a plan looks at nothing else."""

    checkout: Path
    platform: str
    """As `sys.platform`."""
    cache: Path
    """A folder outside the checkout for what is slow to make and depends on no checkout."""
    digests: Digests
    python: Interpreter
    """The one that runs the installer."""
    other_pythons: tuple[Interpreter, ...] = ()
    """Further ones on the path, best first."""
    environment: Interpreter | None = None
    """The Python in `.venv`, if it runs and has pip."""
    done: frozenset[Stamp] = field(default_factory=frozenset)
    """What was installed into that environment."""
    debian: Debian | None = None

    @property
    def environment_folder(self) -> Path:
        """Where the environment is or will be."""
        return self.checkout / ".venv"

    def program(self, name: str) -> str:
        """The path of a program in the environment."""
        if self.platform == "win32":
            return str(self.environment_folder / "Scripts" / f"{name}.exe")
        return str(self.environment_folder / "bin" / name)
