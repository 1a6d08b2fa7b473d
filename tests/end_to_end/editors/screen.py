"""A screen that nobody sees, with a window manager, for the editors to open their windows on."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.end_to_end.editors.processes import end, start, wait_for
from tests.timing import MS


class Screen:
    """A running X server; `display` is what programs need in DISPLAY."""

    def __init__(self, display: str) -> None:
        self.display = display

    def photograph(self, file: Path) -> None:
        """Keep what the screen shows now."""
        subprocess.run(("import", "-window", "root", str(file)), env=self.environment(), check=True)

    def environment(self) -> dict[str, str]:
        """The caller's variables with this screen's."""
        return dict(os.environ) | {"DISPLAY": self.display}


@contextmanager
def open_screen(folder: Path, size: str = "1600x1000x24") -> Iterator[Screen]:
    """A screen for as long as the block runs; its logs go into the folder."""
    # A number of our own choice: `-displayfd` hands out :0 while a dying server still owns it.
    screen = Screen(f":{random.SystemRandom().randint(100, 30_000)}")
    options = ("-screen", "0", size, "-nolisten", "tcp", "-noreset")
    server = start(("Xvfb", screen.display, *options), folder / "xvfb.log", os.environ)
    try:
        wait_for(lambda: _answers(screen), 20_000 * MS, "X server")
        manager = start(("openbox",), folder / "openbox.log", screen.environment())
        try:
            yield screen
        finally:
            end(manager)
    finally:
        end(server)


def _answers(screen: Screen) -> bool:
    asked = ("xdpyinfo", "-display", screen.display)
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0
