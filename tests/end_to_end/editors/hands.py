"""Mouse and keyboard: real input to whatever a screen shows."""

from __future__ import annotations

import subprocess
import time
from typing import Final, NamedTuple

from tests.end_to_end.editors.screen import Screen
from tests.timing import MS

_LETTER_MS: Final = 12
"""Between two letters; editors lose letters that come faster."""

_REST: Final = 0.15
"""For an editor to take in a movement of the mouse; without it, drags are not seen as such."""


class Point(NamedTuple):
    """A place on a screen, in pixels."""

    x: int
    y: int


class Hands:
    """A painter's hands.

    Args:
        screen: What they work on.
    """

    def __init__(self, screen: Screen) -> None:
        self._environment = screen.environment()

    def move(self, place: Point) -> None:
        """Bring the mouse there."""
        self._do("mousemove", str(place.x), str(place.y))

    def click(self, place: Point, *, button: int = 1, times: int = 1) -> None:
        """Click there."""
        self.move(place)
        self._do("click", "--repeat", str(times), "--delay", "60", str(button))

    def drag(self, start: Point, end: Point) -> None:
        """Press at the one place and let go at the other."""
        self.move(start)
        self._do("mousedown", "1")
        for part in (0.3, 0.7, 1.0):
            time.sleep(_REST)
            x = round(start.x + (end.x - start.x) * part)
            self.move(Point(x, round(start.y + (end.y - start.y) * part)))
        time.sleep(_REST)
        self._do("mouseup", "1")

    def write(self, text: str) -> None:
        """Type a text."""
        self._do("type", "--delay", str(_LETTER_MS), text)

    def press(self, *keys: str) -> None:
        """Press keys one after another; `ctrl+alt+r` are three at once."""
        for key in keys:
            self._do("key", key)

    def _do(self, *words: str) -> None:
        subprocess.run(("xdotool", *words), env=self._environment, check=True, timeout=30_000 * MS)
