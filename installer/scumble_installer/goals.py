"""What the installer can be asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SetUp:
    """An environment in which the server starts."""


@dataclass(frozen=True)
class RunDemo:
    """A set-up and a regenerated selection to look at; the arguments go to `scumble demo`."""

    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunTests:
    """A set-up and the test suite; the arguments go to pytest."""

    with_editors: bool = False
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lock:
    """New lock files from what pyproject.toml says, for those who work on Scumble."""

    upgrade: bool = False


Goal = SetUp | RunDemo | RunTests
