"""Procedural fields and textures that backdrops are made of: clouds, wood, dead leaves."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]
"""A side x side field of values, mostly from 0 to 1."""

Picture = NDArray[np.float32]
"""A side x side x 3 picture in sRGB levels from 0 to 255."""


def coordinates(side: int) -> tuple[Field, Field]:
    """Returns the x and y coordinate of every pixel, from 0 to 1."""
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) / side
    return columns, rows


def stretch(field: Field, width: int, height: int) -> Field:
    """Resizes a field with bicubic interpolation."""
    picture = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def clouds(rng: np.random.Generator, side: int, cells: int = 4, octaves: int = 4) -> Field:
    """Sums `octaves` of value noise, the first with `cells` cells a side; mean 0.5."""
    total = np.zeros((side, side), np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        grid = min(cells * 2**octave, side)
        total += weight * stretch(rng.random((grid, grid)).astype(np.float32), side, side)
        weights += weight
        weight /= 2
    return total / weights


def grain(rng: np.random.Generator, side: int, across: int = 14) -> Field:
    """Wood grain along x: noise stretched sevenfold, with rings along its level lines."""
    long = clouds(rng, side, 3, 4)
    field = stretch(stretch(long, side, max(2, side // 7)), side, side)
    lines = stretch(rng.random((across * 4, 3)).astype(np.float32), side, side)
    rings = np.sin(field * rng.uniform(20, 45) + lines * 2)
    mixed: Field = 0.5 + 0.18 * rings + 0.5 * (lines - 0.5) + 0.4 * (field - 0.5)
    return mixed


def planks(rng: np.random.Generator, side: int) -> Picture:
    """A wooden surface seen from above: grain in a random brown, usually with seams of boards."""
    light = np.array([[196, 140, 86], [150, 98, 58], [112, 72, 46], [206, 164, 118], [96, 62, 44]])
    base = light[rng.integers(len(light))] + rng.normal(0, 8, 3)
    field = grain(rng, side)
    picture = base[None, None] * (0.72 + 0.5 * field[..., None])
    if rng.random() < 0.6:
        boards = rng.integers(2, 5)
        rows = np.arange(side) / side * boards + rng.random()
        tone = rng.uniform(0.88, 1.1, boards + 2)[np.floor(rows).astype(int)]
        seam = np.clip(np.abs(rows - np.round(rows)) * side / boards / 1.2, 0.35, 1)
        picture = picture * (tone * seam)[:, None, None]
    quarter_turns = int(rng.integers(2))
    turned: Picture = np.rot90(picture, quarter_turns).astype(np.float32)
    return turned


def dead_leaves(rng: np.random.Generator, side: int, leaves: int = 60) -> Picture:
    """Overlapping discs and boxes with power-law sizes, whose statistics are near a photograph's.

    The model is Lee, Mumford & Huang, "Occlusion models for natural images" (2001).
    """
    columns, rows = coordinates(side)
    picture = np.empty((side, side, 3), np.float32)
    picture[:] = rng.uniform(20, 235, 3)
    tint = rng.uniform(60, 200, 3)
    for _ in range(leaves):
        radius = 0.03 * (1 - rng.random() * 0.99) ** -0.6
        x, y, angle = rng.random(), rng.random(), rng.random() * math.pi
        along = (columns - x) * math.cos(angle) + (rows - y) * math.sin(angle)
        over = (rows - y) * math.cos(angle) - (columns - x) * math.sin(angle)
        if rng.random() < 0.5:
            cover = np.hypot(along, over * rng.uniform(1, 2)) < radius
        else:
            cover = np.maximum(np.abs(along), np.abs(over) * rng.uniform(1, 3)) < radius
        colour = np.clip(tint * rng.uniform(0.4, 1.4) + rng.normal(0, 25, 3), 0, 255)
        shade = 1 + rng.uniform(-2, 2) * along[cover] + rng.uniform(-2, 2) * over[cover]
        picture[cover] = np.clip(colour * shade[:, None], 0, 255)
    return picture
