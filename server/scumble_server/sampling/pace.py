"""How long the rest of a run will take."""

from __future__ import annotations

import time
from collections.abc import Callable

from scumble_server.report import UNKNOWN

Clock = Callable[[], float]


class Pace:
    """Tells the seconds left from the evaluations so far.

    The first one is not counted: caches are cold and memory is being allocated.

    Args:
        evaluations: How many there will be.
        clock: Gives seconds from any start.
    """

    def __init__(self, evaluations: int, clock: Clock = time.perf_counter) -> None:
        self._evaluations = evaluations
        self._clock = clock
        self._warm = 0.0

    def seconds_left(self, done: int) -> float:
        """Seconds left after `done` evaluations; to be asked after each; negative while unknown."""
        now = self._clock()
        if done == 1:
            self._warm = now
        if done < 2:
            return UNKNOWN
        return (now - self._warm) / (done - 1) * (self._evaluations - done)
