"""Long work on Krita's main thread, done in short portions while the event loop turns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from scumble_krita.qt import QtCore


class SpareTime:
    """Carries out what it is given, one after the other; made and used on the main thread.

    Args:
        guard: Wraps what Qt calls, so that no error leaves the plugin.
        pause: Milliseconds between two portions, in which Krita paints and listens.
    """

    def __init__(
        self, guard: Callable[[Callable[[], None]], Callable[[], None]], pause: int = 2
    ) -> None:
        self._works: deque[Iterator[None]] = deque()
        self._is_busy = False
        self._timer = QtCore.QTimer()
        self._timer.setInterval(pause)
        self._timer.timeout.connect(guard(self._go_on))

    def do(self, work: Iterator[None]) -> None:
        """Do this once all that came before is done."""
        self._works.append(work)
        self._timer.start()

    def finish(self, work: Iterator[None]) -> None:
        """Do the rest of this at once."""
        was_busy, self._is_busy = self._is_busy, True
        try:
            for _ in work:
                pass
        finally:
            self._is_busy = was_busy

    def _go_on(self) -> None:
        # A call into Krita may turn the event loop, and so come back here.
        if self._is_busy:
            return
        self._is_busy = True
        try:
            if next(self._works[0], self) is self:
                self._works.popleft()
        finally:
            self._is_busy = False
            if not self._works:
                self._timer.stop()
