"""Which of a running job's reports are worth a message."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from scumble_server.work.report import ProgressReport

if TYPE_CHECKING:
    from scumble_server.work.report import Report

PROGRESS_SECONDS = 0.1
"""As for previews: what follows faster can't be told apart. A message costs half a millisecond at
both ends together, which counts where a step takes five, or where steps need every core."""


class News:
    """Passes over what was said already, and steps that follow too fast for anybody to see.

    Where a phase begins and where it ends is always told, as is every preview.

    Args:
        clock: Gives seconds from any start.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._phase: tuple[object, ...] = ()
        self._step = -1
        self._at = -math.inf

    def is_in(self, report: Report) -> bool:
        """Whether this report shall be told; to be asked once for each, in order."""
        if not isinstance(report, ProgressReport):
            return True
        now = self._clock()
        phase = (report.phase, report.of, report.detail)
        if phase == self._phase:
            is_soon = report.step < report.of and now - self._at < PROGRESS_SECONDS
            if report.step == self._step or is_soon:
                return False
        self._phase, self._step, self._at = phase, report.step, now
        return True
