"""Makes the pictures of GIMP: `python docs/make_gimp_pictures.py`.

Starts a real server and a real GIMP on a screen that nobody sees, has the demo's cookie made there
from the panel, and photographs it before, meanwhile and afterwards, and the dialog, in a dark and
in a light theme. It needs what the editors' tests need: `python3 installer test --editors` gets it.
"""
# ruff: noqa: E402, INP001 (a script beside the pages, no package)

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scumble_cli.commands.demo import CENTRE, PROMPT, RADIUS, SAMPLE
from scumble_installer.debian import gimp_roots
from scumble_installer.look import cache_folder
from tests.end_to_end.editors.gimp import Gimp
from tests.end_to_end.editors.hands import Point
from tests.end_to_end.gimp.at_panel import PANEL, PanelPainter, at_panel
from tests.end_to_end.gimp.desk import Desk
from tests.end_to_end.gimp.painter import MAIN

PICTURES: Final = Path(__file__).parent / "pictures"
SERIES: Final = "3.2"
SCHEMES: Final = ("dark", "light")

WINDOW: Final = (1300, 740)
"""Width and height of GIMP's window, with its frame."""

FRAME: Final = 22
"""Height of the frame's title, in pixels."""

DRAW_SELECTION: Final = """
image = Gimp.get_images()[0]
x, y = centre
place = (x - radius, y - radius, 2 * radius, 2 * radius)
image.select_ellipse(Gimp.ChannelOps.REPLACE, *place)
Gimp.displays_flush()
"""

SHOWN: Final = "len(widgets('scumble_thumbnail')) == 3 and shown().job is None"
RUNNING: Final = "shown().preview is not None and shown().job.fraction > 0.5"


def main() -> None:
    """Make all of them."""
    (root,) = (root.folder for root in gimp_roots(cache_folder()) if root.gimp == SERIES)
    with tempfile.TemporaryDirectory() as work:
        gimp = Gimp(SERIES, root, Path(work))
        desk = Desk.furnish(gimp)
        for scheme in SCHEMES:
            use_scheme(gimp, scheme)
            with at_panel(desk, sample_in(gimp.work)) as painter:
                photograph(painter, scheme)


def use_scheme(gimp: Gimp, scheme: str) -> None:
    """Have GIMP start in a colour scheme."""
    settings = gimp.work / "home/.config/GIMP" / gimp.series / "gimprc"
    kept = [
        line
        for line in settings.read_text("utf-8").splitlines()
        if not line.startswith("(theme-color-scheme")
    ]
    settings.write_text("\n".join([*kept, f"(theme-color-scheme {scheme})", ""]), "utf-8")


def sample_in(folder: Path) -> Path:
    """The sample picture where GIMP's Debian sees it."""
    copy = folder / SAMPLE.name
    copy.write_bytes(SAMPLE.read_bytes())
    return copy


def photograph(painter: PanelPainter, scheme: str) -> None:
    """Work as a painter does, and keep what is seen."""
    width, height = WINDOW
    arrange(painter, MAIN, Point(0, 0), (width - 2, height - FRAME - 4))
    painter.hands.press("1")  # every pixel as it is
    painter.gimp.run(DRAW_SELECTION, centre=list(CENTRE), radius=RADIUS)
    painter.start_server()
    panel = painter.open_panel()
    panel.wait_until("shown().light.value == 'on' and bool(shown().models)", "connection")
    arrange(painter, PANEL, Point(width - 346, 40), (330, height - 90))
    panel.set(strength=1.0, padding=0, seed=9, count=3, steps=30)
    painter.hands.move(Point(20, height + 60))
    keep(painter, f"gimp-idle-{scheme}")
    panel.write_prompt(PROMPT)
    painter.hands.press("ctrl+Return")
    painter.hands.move(Point(20, height + 60))
    panel.wait_until(RUNNING, "preview", 240)
    keep(painter, f"gimp-running-{scheme}")
    panel.wait_until(SHOWN, "results", 240)
    keep(painter, f"gimp-done-{scheme}")
    dialog(painter, scheme)


def dialog(painter: PanelPainter, scheme: str) -> None:
    """The dialog of the procedure, as it comes from the menu."""
    painter.close_panel()
    painter.choose("Regenerate selection")
    painter.turn_to("Regenerate selection")
    time.sleep(2)
    keep(painter, f"gimp-dialog-{scheme}")
    painter.hands.press("Escape")


def arrange(painter: PanelPainter, title: str, place: Point, size: tuple[int, int]) -> None:
    """Put a window somewhere, and make it that large."""
    window = painter.turn_to(title)
    for words in (
        ("windowsize", window, *map(str, size)),
        ("windowmove", window, *map(str, place)),
    ):
        environment = painter.gimp.screen.environment()
        subprocess.run(  # noqa: S603  # our own words
            ("xdotool", *words),  # noqa: S607
            env=environment,
            check=True,
        )
    time.sleep(1)


def keep(painter: PanelPainter, name: str) -> None:
    """Keep the part of the screen where GIMP is."""
    time.sleep(1)
    width, height = WINDOW
    with Image.open(painter.photograph(name)) as screen:
        window = screen.convert("RGB").crop((0, 0, width, height))
    window.save(PICTURES / f"{name}.jpg", quality=88)


if __name__ == "__main__":
    main()
