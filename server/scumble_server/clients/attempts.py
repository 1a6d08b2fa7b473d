"""Who guesses: wrong tokens and codes, counted by where they come from."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_SOURCES = 4096
"""Above it the one that failed longest ago is forgotten, so that nobody fills the memory."""


class Attempts:
    """Counts failures within a time.

    Args:
        most: Failures of one source; with them it is blocked.
        seconds: How long a failure counts.
        clock: The time in seconds.
    """

    def __init__(
        self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        """The times of the last failures by source, the source that failed last at the end."""

    def is_blocked(self, source: str) -> bool:
        """Whether nobody from there is listened to now."""
        failures = self._failures.get(source, ())
        recent = sum(moment > self._clock() - self._seconds for moment in failures)
        return recent >= self._most

    def failed(self, source: str) -> None:
        """Somebody from there was wrong."""
        # No more than count: a source that goes on failing takes no more memory than any other.
        failures = self._failures.pop(source, None) or deque(maxlen=self._most)
        failures.append(self._clock())
        self._failures[source] = failures
        if len(self._failures) > _MOST_SOURCES:
            self._failures.popitem(last=False)
