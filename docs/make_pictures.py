"""Makes the pictures of the README and of the docs: `python docs/make_pictures.py [NAME ...]`.

Runs the demo as a newcomer would and puts before and after side by side; the others come from the
server's own jobs with the starter, done in this process. Without names, all are made anew.
"""
# ruff: noqa: INP001 (a script beside the pages, no package)

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from scumble_cli.commands.demo import SAMPLE
from scumble_protocol.geometry import Size
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import UPSCALERS_FOLDER
from scumble_server.pixels.opencv import unit
from scumble_server.upscale.lanczos import Lanczos
from scumble_server.upscale.loading import load_network
from scumble_server.work.report import Report
from starter.captions import with_article
from starter.desk import Desk, Order
from starter.judge import PLAIN_COLOURS, contact_sheet, shrunk
from starter.objects import THINGS
from starter.scenes import backdrop
from starter.sketches import sketches

PICTURES = Path(__file__).parent / "pictures"
GAP = 12
"""White pixels between before and after."""

SIDE = 256
SHOWN = 128
"""Pixels of a picture's side, as it is made and as sheets show it."""

SKETCHED = ("house", "fox", "strawberry", "hamburger", "frog", "mushroom", "panda", "avocado")

HOLES = (
    ("an apple", 0),
    ("a hamburger", 13),
    ("a cookie", 14),
    ("a panda", 20),
    ("a fox", 21),
    ("a star", 42),
)
"""What is asked for in a hole, and the number of the backdrop."""

DETAIL = (312, 232, 96)
"""Left, upper and side of the detail of the sample picture that is enlarged."""


def demo() -> Image.Image:
    """Before and after of `scumble demo`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(  # noqa: S603  our own program
            (sys.executable, "-m", "scumble_cli", "demo", "--out", str(folder)), check=True
        )
        return beside(*(Image.open(folder / name) for name in ("before.png", "after.png")))


def things() -> Image.Image:
    """One picture of everything that the starter knows, from words alone."""
    desk = Desk(STARTER_FOLDER)
    made = []
    for number, thing in enumerate(THINGS):
        colour = PLAIN_COLOURS[number * 2 % len(PLAIN_COLOURS)]
        line = f"{with_article(thing.name)} on {with_article(f'{colour} background')}"
        made.append(shrunk(desk.new(SIDE, Order(line, seed=number)), SHOWN))
    return contact_sheet(np.stack(made), [thing.name for thing in THINGS], 12)


def sketched() -> Image.Image:
    """Sketches in coloured blobs, and what the starter makes of them."""
    desk = Desk(STARTER_FOLDER)
    drawings = {drawing.thing: drawing for drawing in reversed(sketches(SIDE))}
    before = [drawings[name] for name in SKETCHED]
    after = [
        desk.over(drawing.pixels, Order(drawing.prompt, 0.65, seed=seed))
        for seed, drawing in enumerate(before)
    ]
    shown = [shrunk(pixels, SHOWN) for pixels in [*(one.pixels for one in before), *after]]
    labels = [*(one.prompt.split(" on ")[0] for one in before), *("" for _ in after)]
    return contact_sheet(np.stack(shown), labels, len(before))


def inpainted() -> Image.Image:
    """Backdrops with a thing put in, before and after."""
    desk = Desk(STARTER_FOLDER)
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    hole = np.hypot(columns - SIDE / 2, rows - SIDE / 2) <= SIDE * 0.36
    selection = np.where(hole, np.uint8(255), np.uint8(0))
    before, after = [], []
    for prompt, number in HOLES:
        ground, _ = backdrop(np.random.default_rng([31, number]), SIDE)
        before.append(np.clip(np.rint(ground), 0, 255).astype(np.uint8))
        after.append(desk.over(before[-1], Order(prompt), selection))
    labels = [*(prompt for prompt, _ in HOLES), *("" for _ in after)]
    shown = [shrunk(pixels, SHOWN) for pixels in [*before, *after]]
    return contact_sheet(np.stack(shown), labels, len(HOLES))


def enlarged() -> Image.Image:
    """A detail four times as large: Lanczos, and the upscaler that comes along."""
    left, upper, side = DETAIL
    with Image.open(SAMPLE) as picture:
        small = np.asarray(picture.convert("RGB"))[upper : upper + side, left : left + side]
    network = load_network(
        STARTER_FOLDER.with_name(UPSCALERS_FOLDER) / "starter-4x.safetensors", torch.device("cpu")
    )
    shown = []
    for upscaler in (Lanczos(), network):
        made = upscaler.enlarge(unit(small), Size(side * 4, side * 4), _heard)
        shown.append(Image.fromarray(np.rint(made * 255).astype(np.uint8)))
    return beside(*shown)


MAKERS: dict[str, Callable[[], Image.Image]] = {
    "demo": demo,
    "things": things,
    "sketches": sketched,
    "inpaint": inpainted,
    "upscale": enlarged,
}


def beside(*pictures: Image.Image) -> Image.Image:
    """The pictures from left to right, all of one height, with a gap between them."""
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) - 1)
    joined = Image.new("RGB", (width, pictures[0].height), "white")
    left = 0
    for picture in pictures:
        joined.paste(picture.convert("RGB"), (left, 0))
        left += picture.width + GAP
    return joined


def main(names: list[str]) -> None:
    """Make the named pictures anew, or all."""
    PICTURES.mkdir(exist_ok=True)
    for name in names or list(MAKERS):
        MAKERS[name]().save(PICTURES / f"{name}.jpg", quality=90)


def _heard(_: Report) -> None:
    """Nobody watches the progress."""


if __name__ == "__main__":
    main(sys.argv[1:])
