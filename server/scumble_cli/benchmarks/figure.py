"""What a measurement gives, and the rule for measuring: in turns, the least and the median."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RATIO = "x"


@dataclass(frozen=True)
class Figure:
    """A result.

    Args:
        name: What was measured.
        value: How much, in `unit`: the least of the rounds, unless the name says otherwise.
        unit: `ms`, `s`, `MiB`, … or `x` for a ratio taken within one run.
        goal: What it should be at most; None for a figure that only explains another.
        median: The median of the rounds; None where there was one value.
        at_least: Whether the goal is what it should be at least: a rate, for instance.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    median: float | None = None
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the figure keeps its goal."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal


@dataclass(frozen=True)
class Unmeasured:
    """What could not be measured here, and why, in a sentence."""

    name: str
    why: str


@dataclass(frozen=True)
class Job:
    """Where the time of a job went.

    Args:
        name: What kind of job.
        phases: Seconds by phase, medians; `transfer` is what the server does not account for.
    """

    name: str
    phases: dict[str, float]


@dataclass(frozen=True)
class Point:
    """One place of a series: its size, and the least and the median there."""

    x: float
    value: float
    median: float


@dataclass(frozen=True)
class Series:
    """How something grows.

    Args:
        name: What was measured.
        along: What was varied, with its unit.
        unit: The unit of the points' values.
        points: From small to large.
        about: What one should expect, and why, in a sentence.
    """

    name: str
    along: str
    unit: str
    points: tuple[Point, ...]
    about: str


Finding = Figure | Unmeasured | Job | Series


@dataclass(frozen=True)
class Times:
    """The values of all rounds, in seconds or another unit."""

    values: tuple[float, ...]

    @property
    def least(self) -> float:
        """Other programs only ever add time, so that the least is the machine's own."""
        return min(self.values)

    @property
    def median(self) -> float:
        """What one meets with, other programs included."""
        return statistics.median(self.values)

    def figure(
        self, name: str, unit: str, goal: float | None = None, *, times: float = 1.0
    ) -> Figure:
        """The figure, with its values multiplied: 1000 `times` for milliseconds."""
        return Figure(name, times * self.least, unit, goal, times * self.median)

    def point(self, x: float, *, times: float = 1.0) -> Point:
        """The point of a series."""
        return Point(x, times * self.least, times * self.median)

    def over(self, other: Times, name: str, goal: float | None = None) -> Figure:
        """The ratio of the leasts; its median is that of the ratios of each round."""
        pairs = zip(self.values, other.values, strict=True)
        median = statistics.median(ours / theirs for ours, theirs in pairs)
        return Figure(name, self.least / other.least, RATIO, goal, median)


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def in_turns(rounds: int, *actions: Callable[[int], float]) -> list[Times]:
    """Each action's values over the rounds.

    The actions take turns, so that a slow minute does not fall on one of them alone.

    Args:
        rounds: How often each is done, at least 1.
        actions: Each takes the round's number and gives a value.
    """
    values = [[action(number) for action in actions] for number in range(rounds)]
    return [Times(column) for column in zip(*values, strict=True)]
