"""How long the rest of a run will take, and when to show how far it is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from scumble_server.work.report import UNKNOWN

Clock = Callable[[], float]

PREVIEW_SECONDS = 0.1
"""Previews that follow faster can't be told apart, and cost the job time on a CPU."""


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
        self._shown = -math.inf

    def seconds_left(self, done: int) -> float:
        """Seconds left after `done` evaluations; to be asked after each; negative while unknown."""
        now = self._clock()
        if done == 1:
            self._warm = now
        if done < 2:
            return UNKNOWN
        return (now - self._warm) / (done - 1) * (self._evaluations - done)

    def is_preview_due(self) -> bool:
        """Whether it is time for another preview; the first one always is."""
        now = self._clock()
        if now - self._shown < PREVIEW_SECONDS:
            return False
        self._shown = now
        return True
