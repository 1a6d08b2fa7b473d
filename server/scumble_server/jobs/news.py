"""Which of a running job's reports are worth a message."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from scumble_server.work.report import ProgressReport

if TYPE_CHECKING:
    from scumble_server.work.report import Report

PROGRESS_SECONDS = 0.05
"""Progress that follows faster can't be seen. A message costs half a millisecond at both ends
together: a part of a job that counts where a step takes five, or where steps need every core."""


class News:
    """Passes over the steps of a phase that follow each other too fast for anybody to see.

    Where a phase begins and where it ends is always told, as is every preview.

    Args:
        clock: Gives seconds from any start.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stretch: tuple[object, ...] = ()
        self._told = -math.inf

    def is_in(self, report: Report) -> bool:
        """Whether this report shall be told; to be asked once for each, in order."""
        if not isinstance(report, ProgressReport):
            return True
        now = self._clock()
        stretch = (report.phase, report.of, report.detail)
        is_end = report.step == report.of
        if stretch == self._stretch and not is_end and now - self._told < PROGRESS_SECONDS:
            return False
        self._stretch, self._told = stretch, now
        return True
