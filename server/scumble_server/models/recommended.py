"""The models that are worth getting, from a file that ships with Scumble."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tomllib  # type: ignore[import-not-found]  # the server runs on 3.11, mypy checks for 3.10

LIST = Path(__file__).with_name("catalog.toml")


@dataclass(frozen=True)
class Recommended:
    """A model of a hub.

    Args:
        id: Its hub id, `owner/name`.
        title: Its name for people.
        family: As in `ModelSpec`.
        disk: Gigabytes to fetch, rounded; 0 where that is not known.
        memory: Gigabytes of a device's memory for all parts at once.
        least: Gigabytes that are enough when its parts take turns.
        licence: What its weights are given under.
        gated: Whether the hub asks for a log-in and for the licence to be accepted.
        good_at: What it is good at, in a sentence.
    """

    id: str
    title: str
    family: str
    disk: int
    memory: int
    least: int
    licence: str
    gated: bool
    good_at: str


def recommended() -> tuple[Recommended, ...]:
    """Every model of the list, in its order: smaller families first."""
    return tuple(Recommended(**entry) for entry in tomllib.loads(LIST.read_text("utf-8"))["model"])
