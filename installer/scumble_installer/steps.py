"""What a plan is made of: commands with the words and the conditions around them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from scumble_installer.machine import Stamp

Command = tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One command of the set-up; running it again is always safe."""

    name: str
    """What it brings, in a few words: "the Python packages"."""
    command: Command
    otherwise: Command = ()
    """Tried when the command fails."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables that the command gets on top of the installer's own."""
    stamp: Stamp | None = None
    """Remembered in the environment when the step is done, so that later plans leave it out."""
    alternative: str = ""
    """What a person can do instead, for when the step fails."""
    makes: Path | None = None
    """A folder that the command writes as `part_of(makes)`; it gets its name when it is whole."""


@dataclass(frozen=True)
class Program:
    """What was asked for, run at the end with the terminal to itself."""

    name: str
    command: Command
    folder: Path | None = None
    """Where it runs; the caller's own folder where none is said."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables that it gets on top of the installer's own."""


@dataclass(frozen=True)
class Advice:
    """Something to tell at the end."""

    text: str


PlanItem = Step | Program | Advice
Plan = tuple[PlanItem, ...]


def part_of(folder: Path) -> Path:
    """Where a folder is written until it is whole."""
    return folder.with_name(folder.name + ".part")


def describe(plan: Plan) -> str:
    """The plan for a person, one line a step and one a command."""
    lines: list[str] = []
    for item in plan:
        if isinstance(item, Advice):
            lines.append(item.text)
            continue
        lines.append(f"{item.name}:")
        lines.append(f"    {shlex.join(item.command)}")
        if isinstance(item, Step) and item.otherwise:
            lines.append(f"    or, if that fails: {shlex.join(item.otherwise)}")
    return "\n".join(lines)
