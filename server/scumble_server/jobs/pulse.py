"""The worker's signs of life, which its thread gives and the watchdog reads."""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_protocol.messages import Phase
from scumble_server.work.report import ProgressReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_server.work.report import Report


class Doing(enum.Enum):
    """What a worker is at."""

    SETTING_UP = "setting up the device"
    LOADING = "loading a model"
    WORKING = "working"
    RESTING = "resting"
    """It waits for a job."""


@dataclass(frozen=True)
class Sign:
    """One sign of life.

    Args:
        doing: What the worker was at.
        at: When, in seconds of the clock.
        job: Which job it works for; empty for none.
        slowest: Seconds of the job's slowest step so far; loading is none.
    """

    doing: Doing
    at: float
    job: str = ""
    slowest: float = 0.0


class Pulse:
    """The last sign of life.

    One thread writes and another reads; a sign is a whole value, so that no lock is needed.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = Sign(Doing.SETTING_UP, clock())

    @property
    def last(self) -> Sign:
        """The last sign of life."""
        return self._last

    def rest(self) -> None:
        """The worker waits for a job."""
        self._last = Sign(Doing.RESTING, self._clock())

    def begin(self, job: str, doing: Doing = Doing.WORKING) -> None:
        """The worker begins a job, or something that is none's."""
        self._last = Sign(doing, self._clock(), job)

    def beat(self, told: Report) -> None:
        """The worker told how it goes on."""
        before, now = self._last, self._clock()
        is_loading = (
            isinstance(told, ProgressReport) and told.phase is Phase.LOADING and told.step < told.of
        )
        # Until the report of its end, loading is what was done since the report of its begin.
        step = 0.0 if before.doing is Doing.LOADING else now - before.at
        self._last = Sign(
            Doing.LOADING if is_loading else Doing.WORKING,
            now,
            before.job,
            max(before.slowest, step),
        )
