"""Training pictures: an object on a backdrop, with the facts that a caption may tell."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from . import noise
from .objects import THINGS, Sprite, SpriteSource, mean_hue, turn_hue

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (214, 40, 40),
    "orange": (245, 130, 32),
    "yellow": (250, 214, 50),
    "green": (60, 160, 70),
    "blue": (45, 105, 220),
    "light blue": (140, 195, 240),
    "dark blue": (20, 35, 100),
    "purple": (130, 60, 180),
    "pink": (245, 150, 190),
    "brown": (120, 75, 45),
    "beige": (226, 206, 172),
    "gray": (130, 130, 135),
    "black": (22, 22, 26),
    "white": (243, 243, 243),
}
"""Backdrop colours by their word, as sRGB levels."""

HUES: dict[str, float] = {
    "red": 0,
    "yellow": 48,
    "green": 120,
    "blue": 215,
    "purple": 275,
    "pink": 325,
}
"""Hues in degrees that a recolouring object may take."""

GROUNDS: dict[str, tuple[int, int, int]] = {
    "grass": (85, 160, 60),
    "sand": (225, 195, 140),
    "snow": (238, 243, 250),
    "water": (35, 105, 175),
    "stone": (135, 132, 128),
    "wood": (150, 100, 60),
}
"""What an object can stand on or lie on, with its mean colour; wood is drawn with its grain."""

SKIES: dict[str, tuple[int, int, int]] = {
    "blue": (120, 180, 240),
    "sunset": (250, 160, 100),
    "night": (20, 25, 60),
    "gray": (165, 172, 180),
}
"""Skies with their colour at the zenith."""

NO_THING = -1
"""The thing's number in a scene that is only a backdrop."""

Pixels = NDArray[np.uint8]
"""A side x side x 3 picture of sRGB levels."""


@dataclass(frozen=True)
class Facts:
    """What is to be seen in a scene; an empty word stands for nothing that has a name."""

    thing: int = NO_THING
    colour: str = ""
    pattern: str = ""
    first: str = ""
    second: str = ""
    ground: str = ""
    sky: str = ""


@dataclass(frozen=True)
class Scene:
    """A picture and the facts that its captions are made of."""

    pixels: Pixels
    facts: Facts


@dataclass(frozen=True)
class Placing:
    """How large a sprite is and where its centre lies, in parts of the scene's side."""

    scale: float
    x: float
    y: float
    degrees: float = 0.0
    mirrored: bool = False


class Painter:
    """Makes scenes of one size; the same seed gives the same scene."""

    def __init__(self, sprites: SpriteSource, side: int) -> None:
        self.sprites = sprites
        self.side = side
        self._seen: dict[int, Sprite] = {}
        self._codes = sprites.others()

    def scene(self, seed: int, thing: int | None = None) -> Scene:
        """Paints the scene that belongs to the seed, of a random thing if none is named.

        Four in a hundred of the unnamed ones are only a backdrop.
        """
        rng = np.random.default_rng([seed, 0 if thing is None else thing + 1])
        ground, facts = backdrop(rng, self.side)
        if thing is None:
            if rng.random() < 0.04:
                return Scene(_levels(ground), facts)
            thing = int(rng.integers(len(THINGS)))
        sprite, colour = self._coloured(rng, thing)
        picture = put(ground, sprite, _placing(rng, facts), shadow=rng.uniform(0, 0.45))
        return Scene(_levels(picture), replace(facts, thing=thing, colour=colour))

    def clutter(self, seed: int) -> Pixels:
        """Paints a picture for the autoencoder alone: other sprites, leaves, or anything above."""
        rng = np.random.default_rng([seed, 1_000_003])
        kind = rng.random()
        if kind < 0.15:
            return _levels(noise.dead_leaves(rng, self.side))
        if kind < 0.45:
            return self.scene(seed).pixels
        ground, _ = backdrop(rng, self.side)
        codes = self._codes
        for _ in range(int(rng.integers(1, 4))):
            sprite = self.sprites.other(codes[int(rng.integers(len(codes)))])
            place = Placing(rng.uniform(0.3, 1.1), rng.random(), rng.random(), rng.uniform(-30, 30))
            ground = put(ground, sprite, place, shadow=rng.uniform(0, 0.45))
        return _levels(ground)

    def _coloured(self, rng: np.random.Generator, number: int) -> tuple[Sprite, str]:
        thing = THINGS[number]
        if number not in self._seen:
            self._seen[number] = self.sprites.thing(thing)
        sprite = self._seen[number]
        if not thing.recolours or rng.random() < 0.4:
            return sprite, thing.colour
        colour = list(HUES)[int(rng.integers(len(HUES)))]
        return turn_hue(sprite, HUES[colour] + rng.normal(0, 4) - mean_hue(sprite)), colour


def put(ground: noise.Picture, sprite: Sprite, place: Placing, *, shadow: float) -> noise.Picture:
    """Composites the sprite over the ground with a soft shadow of the given strength (0 to 1)."""
    side = len(ground)
    picture = Image.fromarray(sprite)
    scale = place.scale * side / max(picture.size)
    size = (max(2, round(picture.width * scale)), max(2, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    if place.degrees:
        picture = picture.rotate(place.degrees, Image.Resampling.BICUBIC, expand=True)
    if place.mirrored:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    layer = Image.new("RGBA", (side, side))
    left = round(place.x * side - picture.width / 2)
    top = round(place.y * side - picture.height / 2)
    layer.paste(picture, (left, top))
    cover = np.asarray(layer, np.float32)
    alpha = cover[..., 3:] / 255
    below = Image.new("L", (side, side))
    below.paste(layer.getchannel("A"), (0, max(1, side // 32)))
    cast = np.asarray(below.filter(ImageFilter.GaussianBlur(side / 30)), np.float32)
    shaded = ground * (1 - shadow * cast[..., None] / 255)
    return (shaded * (1 - alpha) + cover[..., :3] * alpha).astype(np.float32)


def backdrop(rng: np.random.Generator, side: int) -> tuple[noise.Picture, Facts]:
    """Paints a backdrop and says what it shows."""
    kinds: tuple[
        tuple[float, Callable[[np.random.Generator, int], tuple[noise.Picture, Facts]]], ...
    ]
    kinds = (
        (0.42, _plain),
        (0.14, _two_colours),
        (0.2, _surface),
        (0.16, _landscape),
        (0.08, _leaves),
    )
    pick = rng.choice(len(kinds), p=[share for share, _ in kinds])
    picture, facts = kinds[int(pick)][1](rng, side)
    light = 1 + rng.normal(0, 0.1) * (noise.coordinates(side)[int(rng.integers(2))] - 0.5)
    return np.clip(picture * light[..., None], 0, 255), facts


def _plain(rng: np.random.Generator, side: int) -> tuple[noise.Picture, Facts]:
    name = _names(rng, 1)[0]
    picture = np.broadcast_to(_tone(rng, COLOURS[name]), (side, side, 3))
    if rng.random() < 0.3:
        picture = picture * (0.93 + 0.14 * noise.clouds(rng, side, 6, 3))[..., None]
    return picture.astype(np.float32), Facts(pattern="plain", first=name)


def _two_colours(rng: np.random.Generator, side: int) -> tuple[noise.Picture, Facts]:
    first, second = _names(rng, 2)
    columns, rows = noise.coordinates(side)
    pattern = ("gradient", "cloudy", "striped", "checkered")[int(rng.integers(4))]
    count = int(rng.integers(3, 8))
    if pattern == "gradient":
        angle = rng.random() * 2 * math.pi
        across = (columns - 0.5) * math.cos(angle) + (rows - 0.5) * math.sin(angle)
        mix = np.clip(across / 1.1 + 0.5, 0, 1)
    elif pattern == "cloudy":
        mix = np.clip((noise.clouds(rng, side, 3) - 0.5) * 3 + 0.5, 0, 1)
    elif pattern == "striped":
        mix = np.clip(np.sin((columns, rows)[count % 2] * 2 * math.pi * count) * 4 + 0.5, 0, 1)
    else:
        mix = ((np.floor(columns * count) + np.floor(rows * count)) % 2).astype(np.float32)
    mix = mix[..., None]
    picture = _tone(rng, COLOURS[first]) * (1 - mix) + _tone(rng, COLOURS[second]) * mix
    return picture.astype(np.float32), Facts(pattern=pattern, first=first, second=second)


def _surface(rng: np.random.Generator, side: int) -> tuple[noise.Picture, Facts]:
    """A ground that fills the picture, as a selection in a photograph of a table does."""
    name = "wood" if rng.random() < 0.5 else list(GROUNDS)[int(rng.integers(len(GROUNDS)))]
    return _ground(rng, side, name), Facts(pattern="surface", ground=name)


def _landscape(rng: np.random.Generator, side: int) -> tuple[noise.Picture, Facts]:
    ground = list(GROUNDS)[int(rng.integers(len(GROUNDS)))]
    sky = list(SKIES)[int(rng.integers(len(SKIES)))]
    _, rows = noise.coordinates(side)
    horizon = rng.uniform(0.5, 0.72)
    cloud = noise.clouds(rng, side)
    above = np.array(SKIES[sky], np.float32) - (1 - rows[..., None] / horizon) * 25
    above = above + np.clip((cloud - 0.58) * 500, 0, 110)[..., None]
    below = _ground(rng, side, ground) * (0.85 + 0.25 * rows[..., None])
    mix = np.clip((rows - horizon) * side / 2, 0, 1)[..., None]
    return above * (1 - mix) + below * mix, Facts(pattern="landscape", ground=ground, sky=sky)


def _leaves(rng: np.random.Generator, side: int) -> tuple[noise.Picture, Facts]:
    """A blurred clutter without a name, so that captions without a backdrop mean any backdrop."""
    leaves = Image.fromarray(_levels(noise.dead_leaves(rng, side)))
    blurred = leaves.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 4)))
    return np.asarray(blurred, np.float32), Facts()


def _ground(rng: np.random.Generator, side: int, name: str) -> noise.Picture:
    if name == "wood":
        return noise.planks(rng, side)
    depth = {"grass": 0.55, "stone": 0.4, "water": 0.35, "sand": 0.2, "snow": 0.12}[name]
    field = noise.clouds(rng, side, 8 if name == "water" else 16, 3)
    if name == "water":
        field = noise.stretch(field[:, : side // 3], side, side)
    tone = _tone(rng, GROUNDS[name])
    return (tone * (1 + depth * 2 * (field[..., None] - 0.5))).astype(np.float32)


def _placing(rng: np.random.Generator, facts: Facts) -> Placing:
    scale = rng.uniform(0.6, 0.92)
    room = (1 - scale) / 2 + 0.03
    drop = 0.05 if facts.pattern == "landscape" else 0.0
    return Placing(
        scale=scale,
        x=0.5 + rng.uniform(-room, room) * 0.7,
        y=0.5 + drop + rng.uniform(-room, room) * 0.6,
        degrees=rng.uniform(-8, 8) if rng.random() < 0.25 else 0.0,
        mirrored=rng.random() < 0.3,
    )


def _names(rng: np.random.Generator, count: int) -> list[str]:
    names = list(COLOURS)
    return [names[int(i)] for i in rng.choice(len(names), count, replace=False)]


def _tone(rng: np.random.Generator, colour: tuple[int, int, int]) -> noise.Picture:
    return np.clip(np.array(colour, np.float32) + rng.normal(0, 7, 3), 0, 255).astype(np.float32)


def _levels(picture: noise.Picture) -> Pixels:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
