"""A wall clock that can be set wrong, in the place of `time.time`."""

from __future__ import annotations

import time

YEARS = 365.25 * 24 * 3600
_right = time.time


class Clock:
    """Goes on as the machine's, by so many seconds wrong.

    Args:
        wrong: Seconds that it is ahead; negative: behind.
    """

    def __init__(self, wrong: float = 0.0) -> None:
        self.wrong = wrong

    def __call__(self) -> float:
        """Seconds since 1970, as this clock has it."""
        return _right() + self.wrong


CLOCK = Clock()


def install() -> None:
    """Let everything that is imported from now on read this clock."""
    time.time = CLOCK
