"""A measured figure, and the rule for measuring: the least of several rounds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Figure:
    """A result.

    Args:
        name: What was measured.
        value: How much, in `unit`.
        unit: `ms`, `s`, or `x` for a ratio taken within one run.
        goal: What it should be at most; None for a figure that only explains another.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the figure keeps its goal."""
        return self.goal is None or self.value <= self.goal


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def least(rounds: int, *actions: Callable[[int], float]) -> list[float]:
    """The least of each action's values over the rounds.

    Other programs only ever add time, so that the least is the machine's own; the actions take
    turns, so that a slow minute does not fall on one of them alone.

    Args:
        rounds: How often each is done, at least 1.
        actions: Each takes the round's number and gives a value, in seconds.
    """
    values = [[action(number) for action in actions] for number in range(rounds)]
    return [min(column) for column in zip(*values, strict=True)]
