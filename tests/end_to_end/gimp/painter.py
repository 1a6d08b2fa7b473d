"""A painter in front of a GIMP with a window."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.end_to_end.editors.gimp import GimpWindow, open_window
from tests.end_to_end.editors.hands import Hands
from tests.end_to_end.editors.processes import wait_for
from tests.end_to_end.gimp.desk import Desk
from tests.timing import MS

_REST: Final = 0.4
"""For GIMP to take in that a window has the keyboard."""

_ACTIONS_REST: Final = 1.2
"""For GIMP's search to list the actions after the last letter."""

MAIN: Final = "GIMP$"

LAYERS: Final = """
def tree(items):
    return [[i.get_name(), tree(i.get_children())] if i.is_group() else i.get_name() for i in items]
image = Gimp.get_images()[0]
result = tree(image.get_layers())
"""

SELECT: Final = """
image = Gimp.get_images()[0]
image.select_ellipse(Gimp.ChannelOps.REPLACE, 60, 40, 70, 60)
Gimp.displays_flush()
"""


class Painter:
    """Uses mouse and keys; looks into GIMP only to see what came of it.

    Args:
        window: The GIMP.
    """

    def __init__(self, window: GimpWindow) -> None:
        self.gimp = window
        self.hands = Hands(window.screen)

    def turn_to(self, title: str, seconds: float = 60_000 * MS) -> str:
        """Wait for a window by its title, and give it the keyboard; its id."""
        found = wait_for(lambda: self.windows(title), seconds, f"window {title!r}")[-1]
        self._ask("windowactivate", "--sync", found)
        time.sleep(_REST)
        return found

    def windows(self, title: str) -> list[str]:
        """The ids of the windows that are seen, by a regular expression for the title."""
        return self._ask("search", "--onlyvisible", "--name", title).split()

    def choose(self, action: str) -> None:
        """Choose what is in the menus through GIMP's search for actions."""
        self.turn_to(MAIN)
        self.hands.press("slash")
        self.turn_to("Search Actions")
        self.hands.write(action)
        time.sleep(_ACTIONS_REST)
        self.hands.press("Down", "Return")

    def undo(self) -> None:
        """Undo one step, with the keys."""
        self.turn_to(MAIN)
        self.hands.press("ctrl+z")

    def redo(self) -> None:
        """Redo one step, with the keys."""
        self.turn_to(MAIN)
        self.hands.press("ctrl+y")

    def click_cancel(self) -> None:
        """Click on Cancel, at the right end of the image window's status bar."""
        window = self.turn_to(MAIN)
        shape = self._ask("getwindowgeometry", "--shell", window).split()
        side = {name: int(value) for name, _, value in (word.partition("=") for word in shape)}
        # Where the window lies xdotool does not know, its frame confuses it.
        place = (str(side["WIDTH"] - 50), str(side["HEIGHT"] - 18))
        self._ask("mousemove", "--window", window, *place, "click", "1")

    def layers(self) -> list[Any]:
        """The names of the layers, the top one first; a group with those in it."""
        found: list[Any] = self.gimp.run(LAYERS)
        return found

    def wait_for_layers(self, count: int) -> list[Any]:
        """The layers, once there are so many at the top level."""
        seconds = 120_000 * MS
        return wait_for(
            lambda: found if len(found := self.layers()) == count else None,
            seconds,
            f"{count} layers; there are {self.layers()}",
        )

    def _ask(self, *words: str) -> str:
        command = ("xdotool", *words)
        environment = self.gimp.screen.environment()
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        ).stdout


@contextmanager
def painter_at(desk: Desk, picture: Path, **variables: str) -> Iterator[Painter]:
    """A painter who has opened a picture; GIMP's environment has these variables besides."""
    with open_window(desk.gimp, picture, variables=variables) as window:
        painter = Painter(window)
        painter.turn_to(MAIN)
        window.wait_for("result = Gimp.get_images()[0].get_file() is not None", "opened file")
        yield painter
