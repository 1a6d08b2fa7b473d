"""Sketches in coloured blobs, drawn by hand as a painter would, that the starter must finish."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .captions import with_article
from .scenes import Pixels

FINENESS = 4
"""Drawn so many times larger and then shrunk, which smooths the edges."""

BROWN, GREEN, RED = (110, 70, 40), (60, 150, 60), (210, 40, 40)
ORANGE, YELLOW, WHITE = (240, 130, 40), (245, 205, 60), (245, 245, 245)
GREY, DARK, PINK = (140, 140, 150), (40, 40, 50), (240, 140, 180)
TAN, CREAM, BLUE = (210, 160, 100), (250, 235, 200), (60, 120, 220)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Blob:
    """An ellipse of one colour; centre and radii in hundredths of the side."""

    colour: Colour
    x: float
    y: float
    across: float
    down: float


@dataclass(frozen=True)
class Patch:
    """A polygon of one colour; its corners' x and y in turn, in hundredths of the side."""

    colour: Colour
    corners: tuple[float, ...]


Shape = Blob | Patch

SKETCHES: dict[str, tuple[Shape, ...]] = {
    "apple": (Blob(RED, 50, 55, 32, 32), Patch(BROWN, (48, 25, 52, 25, 55, 12, 50, 12))),
    "banana": (
        Patch(YELLOW, (20, 40, 28, 62, 48, 76, 74, 72, 86, 58, 64, 60, 44, 54, 30, 34)),
        Blob(BROWN, 22, 36, 5, 5),
    ),
    "strawberry": (
        Patch(RED, (22, 35, 78, 35, 72, 60, 50, 88, 28, 60)),
        Blob(GREEN, 50, 28, 26, 10),
    ),
    "cherries": (
        Blob(RED, 32, 70, 18, 18),
        Blob(RED, 68, 72, 18, 18),
        Patch(GREEN, (32, 54, 56, 14, 60, 14, 36, 56)),
        Patch(GREEN, (66, 56, 56, 14, 60, 14, 70, 56)),
    ),
    "watermelon": (
        Patch(GREEN, (12, 35, 88, 35, 76, 70, 50, 84, 24, 70)),
        Patch(RED, (20, 35, 80, 35, 70, 62, 50, 74, 30, 62)),
    ),
    "avocado": (
        Blob(GREEN, 50, 56, 28, 36),
        Blob(CREAM, 50, 56, 22, 30),
        Blob(BROWN, 50, 64, 12, 12),
    ),
    "carrot": (
        Patch(ORANGE, (30, 70, 22, 82, 36, 78, 74, 42, 62, 30)),
        Blob(GREEN, 76, 26, 13, 12),
    ),
    "mushroom": (Blob(CREAM, 50, 72, 14, 22), Blob(RED, 50, 42, 36, 24), Blob(WHITE, 38, 40, 6, 6)),
    "doughnut": (
        Blob(TAN, 50, 52, 36, 34),
        Blob(PINK, 50, 50, 32, 30),
        Blob(CREAM, 50, 52, 11, 10),
    ),
    "hamburger": (
        Blob(TAN, 50, 38, 36, 22),
        Patch(GREEN, (14, 50, 86, 50, 86, 58, 14, 58)),
        Patch(BROWN, (14, 58, 86, 58, 84, 70, 16, 70)),
        Patch(TAN, (16, 70, 84, 70, 76, 84, 24, 84)),
    ),
    "cookie": (
        Blob(TAN, 50, 50, 36, 36),
        Blob(BROWN, 38, 40, 5, 5),
        Blob(BROWN, 60, 44, 5, 5),
        Blob(BROWN, 46, 64, 5, 5),
    ),
    "cup of coffee": (
        Blob(WHITE, 80, 54, 12, 14),
        Patch(WHITE, (20, 38, 78, 38, 70, 82, 28, 82)),
        Blob(BROWN, 49, 38, 27, 8),
    ),
    "panda": (
        Blob(DARK, 24, 26, 13, 13),
        Blob(DARK, 76, 26, 13, 13),
        Blob(WHITE, 50, 54, 38, 34),
        Blob(DARK, 36, 52, 9, 11),
        Blob(DARK, 64, 52, 9, 11),
    ),
    "fox": (
        Patch(ORANGE, (18, 14, 44, 30, 22, 50)),
        Patch(ORANGE, (82, 14, 56, 30, 78, 50)),
        Blob(ORANGE, 50, 54, 34, 28),
        Blob(WHITE, 50, 70, 20, 14),
    ),
    "frog": (
        Blob(GREEN, 30, 30, 13, 13),
        Blob(GREEN, 70, 30, 13, 13),
        Blob(GREEN, 50, 56, 38, 28),
        Blob(WHITE, 30, 30, 7, 7),
        Blob(WHITE, 70, 30, 7, 7),
    ),
    "ladybug": (Blob(DARK, 50, 26, 18, 14), Blob(RED, 50, 56, 32, 32), Blob(DARK, 38, 52, 7, 7)),
    "rose": (Patch(GREEN, (48, 50, 54, 50, 54, 92, 48, 92)), Blob(RED, 50, 34, 24, 22)),
    "sunflower": (
        Patch(GREEN, (47, 60, 53, 60, 53, 94, 47, 94)),
        Blob(YELLOW, 50, 42, 34, 32),
        Blob(BROWN, 50, 42, 16, 15),
    ),
    "cactus": (
        Blob(GREEN, 50, 52, 12, 40),
        Patch(GREEN, (22, 36, 32, 36, 32, 52, 50, 52, 50, 62, 22, 62)),
        Patch(GREEN, (68, 30, 78, 30, 78, 54, 50, 54, 50, 46, 68, 46)),
    ),
    "tree": (Patch(BROWN, (44, 60, 56, 60, 58, 94, 42, 94)), Blob(GREEN, 50, 38, 34, 30)),
    "house": (
        Patch(CREAM, (22, 44, 78, 44, 78, 86, 22, 86)),
        Patch(RED, (12, 46, 50, 12, 88, 46)),
        Patch(BROWN, (42, 60, 58, 60, 58, 86, 42, 86)),
    ),
    "balloon": (Blob(RED, 50, 40, 26, 32), Patch(GREY, (49, 72, 51, 72, 53, 96, 51, 96))),
    "soccer ball": (
        Blob(WHITE, 50, 50, 36, 36),
        Blob(DARK, 50, 50, 11, 11),
        Blob(DARK, 26, 34, 7, 7),
    ),
    "snowman": (
        Blob(WHITE, 50, 70, 28, 24),
        Blob(WHITE, 50, 36, 19, 18),
        Patch(ORANGE, (50, 36, 62, 40, 50, 41)),
    ),
    "star": (
        Patch(
            YELLOW,
            (50, 10, 61, 38, 92, 40, 68, 59, 76, 90, 50, 73, 24, 90, 32, 59, 8, 40, 39, 38),
        ),
    ),
}
"""Half of the things, by what can be drawn in a few blobs."""

GROUNDS: tuple[tuple[str, Colour], ...] = (
    ("blue", (70, 130, 220)),
    ("purple", (130, 70, 180)),
    ("white", (238, 238, 238)),
    ("green", (80, 165, 80)),
    ("black", (30, 30, 34)),
    ("yellow", (245, 210, 70)),
)
"""Backdrops to draw on, with their word."""


@dataclass(frozen=True)
class Sketch:
    """A drawing of a thing, and what a painter would ask for."""

    thing: str
    backdrop: str
    pixels: Pixels

    @property
    def prompt(self) -> str:
        """What the drawing shall become."""
        return f"{with_article(self.thing)} on a {self.backdrop} background"


def sketches(side: int) -> list[Sketch]:
    """Two drawings of each thing: one as it is, one mirrored, smaller and off the middle."""
    return [
        _drawn(thing, number * 2 + other, side, other=bool(other))
        for number, thing in enumerate(SKETCHES)
        for other in (0, 1)
    ]


def _drawn(thing: str, number: int, side: int, *, other: bool) -> Sketch:
    backdrop, colour = GROUNDS[number % len(GROUNDS)]
    fine = side * FINENESS
    picture = Image.new("RGB", (fine, fine), colour)
    pen = ImageDraw.Draw(picture)
    for shape in SKETCHES[thing]:
        if isinstance(shape, Blob):
            corners = (
                shape.x - shape.across,
                shape.y - shape.down,
                shape.x + shape.across,
                shape.y + shape.down,
            )
            pen.ellipse([value * fine / 100 for value in corners], fill=shape.colour)
        else:
            pen.polygon([value * fine / 100 for value in shape.corners], fill=shape.colour)
    if other:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        smaller = picture.resize((fine * 4 // 5, fine * 4 // 5), Image.Resampling.BOX)
        picture = Image.new("RGB", (fine, fine), colour)
        picture.paste(smaller, (fine // 20, fine * 3 // 20))
    return Sketch(thing, backdrop, np.asarray(picture.resize((side, side), Image.Resampling.BOX)))
