"""What the upscalers learn from: pairs of a small picture and the large one it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from . import noise, vae
from .objects import SpriteSource
from .scenes import Pixels, Placing, backdrop, put

REDUCTIONS = (
    (Image.Resampling.BICUBIC, 0.7),
    (Image.Resampling.LANCZOS, 0.15),
    (Image.Resampling.BOX, 0.15),
)
"""How large pictures are made small, with the share of each."""

PHOTOS = 0.5
"""Share of crops that are taken from photographs, where there are any."""

HELD_OUT_EVERY = 8
"""One sprite of so many is never shown, so that it can be judged with."""

DRAWING_FINENESS = 3
"""Lines are drawn so many times larger and then shrunk, which smooths their edges."""


@dataclass(frozen=True)
class Pairs:
    """Small pictures and the large ones they were made from, batch x 3 x height x width, 0 to 1."""

    small: Tensor
    large: Tensor


class Source:
    """Draws pairs from painted pictures and photographs; batch n is the same each time."""

    def __init__(self, painted: NDArray[np.uint8], photos: list[NDArray[np.uint8]]) -> None:
        self.painted = painted
        self.photos = photos

    def pairs(self, number: int, *, scale: int, side: int, count: int) -> Pairs:
        """Draws `count` pairs whose small pictures have `side` pixels a side."""
        rng = np.random.default_rng([21, number])
        large = [self._crop(rng, side * scale) for _ in range(count)]
        small = [reduced(picture, scale, _reduction(rng)) for picture in large]
        return Pairs(to_tensor(np.stack(small)), to_tensor(np.stack(large)))

    def _crop(self, rng: np.random.Generator, side: int) -> Pixels:
        if self.photos and rng.random() < PHOTOS:
            picture = _shrunk(rng, self.photos[int(rng.integers(len(self.photos)))], side)
        else:
            picture = self.painted[int(rng.integers(len(self.painted)))]
        top, left = (int(rng.integers(length - side + 1)) for length in picture.shape[:2])
        crop = np.rot90(picture[top : top + side, left : left + side], int(rng.integers(4)))
        crop = crop[:, ::-1] if rng.random() < 0.5 else crop
        return crop[..., rng.permutation(3)] if rng.random() < 0.3 else crop


def to_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """Turns batch x height x width x 3 levels into batch x 3 x height x width from 0 to 1."""
    return (vae.to_tensor(pixels) + 1) / 2


def reduced(picture: Pixels, scale: int, how: Image.Resampling) -> Pixels:
    """The picture at a `scale`th of its size."""
    height, width = picture.shape[:2]
    small = Image.fromarray(np.ascontiguousarray(picture)).resize(
        (width // scale, height // scale), how
    )
    return np.asarray(small)


def paint(path: Path, sprites: SpriteSource, side: int, count: int) -> NDArray[np.uint8]:
    """Paints the pictures of the upscalers, or reads those that are painted already."""
    if not path.is_file():
        codes = taught(sprites)
        partial = path.with_suffix(".partial")
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = open_memmap(partial, mode="w+", dtype=np.uint8, shape=(count, side, side, 3))
        for number in range(count):
            kept[number] = painting(np.random.default_rng([22, number]), sprites, codes, side)
        kept.flush()
        partial.replace(path)
    painted: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return painted


def taught(sprites: SpriteSource) -> list[str]:
    """The codes of the sprites that the upscalers see; neither things nor each eighth of others."""
    codes = sprites.others()
    return [code for number, code in enumerate(codes) if number % HELD_OUT_EVERY]


def held_out(sprites: SpriteSource) -> list[str]:
    """The codes of the other sprites that the upscalers never see."""
    return sprites.others()[::HELD_OUT_EVERY]


def painting(
    rng: np.random.Generator, sprites: SpriteSource, codes: list[str], side: int
) -> Pixels:
    """Sprites on a backdrop, dead leaves, or lines and shapes: side x side x 3."""
    kind = rng.random()
    if kind < 0.15:
        return _levels(noise.dead_leaves(rng, side, 120))
    if kind < 0.35:
        return drawing(rng, side)
    ground, _ = backdrop(rng, side)
    for _ in range(int(rng.integers(1, 6))):
        sprite = sprites.other(codes[int(rng.integers(len(codes)))])
        degrees = rng.uniform(-40, 40)
        place = Placing(rng.uniform(0.2, 1.0), rng.random(), rng.random(), degrees)
        ground = put(ground, sprite, place, shadow=rng.uniform(0, 0.45))
    return _levels(ground)


def drawing(rng: np.random.Generator, side: int) -> Pixels:
    """Smooth-edged lines, ellipses and polygons, as icons and comics have them."""
    fine = side * DRAWING_FINENESS

    def colour() -> tuple[int, int, int]:
        red, green, blue = (int(level) for level in rng.integers(256, size=3))
        return red, green, blue

    def points(count: int) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in rng.uniform(-0.1, 1.1, (count, 2)) * fine]

    picture = Image.new("RGB", (fine, fine), colour())
    pen = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(6, 40))):
        width = int(rng.integers(2, fine // 24 + 3))
        kind = rng.random()
        if kind < 0.4:
            pen.line(points(int(rng.integers(2, 5))), colour(), width, joint="curve")
        elif kind < 0.7:
            (x, y), (reach_x, reach_y) = points(1)[0], rng.uniform(0.02, 0.3, 2) * fine
            box = (x - reach_x, y - reach_y, x + reach_x, y + reach_y)
            filled = colour() if rng.random() < 0.6 else None
            pen.ellipse(box, fill=filled, outline=colour(), width=width)
        else:
            pen.polygon(points(int(rng.integers(3, 6))), fill=colour())
    return np.asarray(picture.resize((side, side), Image.Resampling.BOX))


def _reduction(rng: np.random.Generator) -> Image.Resampling:
    pick = rng.choice(len(REDUCTIONS), p=[share for _, share in REDUCTIONS])
    return REDUCTIONS[int(pick)][0]


def _shrunk(rng: np.random.Generator, photo: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A piece of the photograph at 0.5 to 1 of its size, at least `side` pixels a side."""
    factor = min(2.0, rng.uniform(1.0, 2.2), min(photo.shape[:2]) / side)
    reach = min(*photo.shape[:2], int(np.ceil(side * max(1.0, factor))))
    top, left = (int(rng.integers(length - reach + 1)) for length in photo.shape[:2])
    piece = np.ascontiguousarray(photo[top : top + reach, left : left + reach])
    if reach == side:
        return piece
    return np.asarray(Image.fromarray(piece).resize((side, side), Image.Resampling.LANCZOS))


def _levels(picture: noise.Picture) -> Pixels:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
