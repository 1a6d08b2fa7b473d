"""A picture with a hole at every size at which it is worked on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import AREA, Floats

Hole = NDArray[np.bool_]
"""(height, width): what is not known."""

RADIUS = 3
"""Patches have `2 * RADIUS + 1` pixels a side: enough for a joint of bricks with its two rims."""

_THIN = 7.0
"""Holes that reach no farther than so many pixels from what is known need not shrink any more."""
_SMALL = 96 * 96
"""Pixels up to which every patch can be compared with every other one."""
_TINY = 64 * 64
"""Pixels below which a picture is not shrunk further: patches would hold whole things, and bring
them along."""
_FEWEST = 200
"""Known patches that a size must have, or else it is too small."""
_LIVELINESS = 2.0
"""How much the measure of texture counts beside the colours."""
_NEAR = 4
"""Radius in pixels of the neighbourhood whose texture is measured."""
_LEAST = np.float32(1e-6)


@dataclass(frozen=True, eq=False)
class Level:
    """One size of the picture.

    Args:
        channels: float32 (height, width, channels): the picture's own, and how lively it is down
            and across; they mean nothing inside the hole.
        hole: What is missing.
        depth: Distance of each pixel from what is known, in pixels; 0 outside the hole.
    """

    channels: Floats
    hole: Hole
    depth: Floats


def pyramid(picture: Floats, hole: Hole) -> list[Level]:
    """The picture with its measure of texture, halved until its hole is small; finest first.

    A pixel of a smaller size is known where all four of the larger one are.

    Args:
        picture: (height, width, channels), 0 to 1.
        hole: What of it is missing; not everything.
    """
    known = (~hole).astype(np.float32)
    channels = np.dstack([picture * known[..., None], _liveliness(picture, known)])
    levels = [_level(channels, hole)]
    while not _is_small(levels[-1]):
        channels, known = _halved(channels, known)
        level = _level(channels, known < 1 - _LEAST)
        if np.count_nonzero(known_patches(level.hole)) < _FEWEST:
            break
        levels.append(level)
    return levels


def known_patches(hole: Hole) -> Hole:
    """The centres of all patches that are wholly known and inside the picture."""
    known = np.pad(~hole, RADIUS).astype(np.uint8)
    return opencv.eroded(known, PATCH)[RADIUS:-RADIUS, RADIUS:-RADIUS] > 0


PATCH = np.ones((2 * RADIUS + 1, 2 * RADIUS + 1), np.uint8)


def _level(channels: Floats, hole: Hole) -> Level:
    return Level(channels, hole, opencv.distance_to_zero(hole.astype(np.uint8)))


def _is_small(level: Level) -> bool:
    if level.hole.size <= _TINY:
        return True
    return bool(level.depth.max() <= _THIN) and level.hole.size <= _SMALL


def _liveliness(picture: Floats, known: Floats) -> Floats:
    """How much neighbours differ, down and across, around each known pixel: (height, width, 2).

    Shrinking takes fine texture away; without this, grass could not be told from fog any more.
    """
    light = picture[..., :3].mean(axis=2)
    measured = []
    for first, second in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        both = np.zeros_like(light)
        both[first] = known[first] * known[second]
        apart = np.zeros_like(light)
        apart[first] = np.abs(light[first] - light[second]) * both[first]
        mean = opencv.box_blurred(apart, _NEAR) / np.maximum(
            opencv.box_blurred(both, _NEAR), _LEAST
        )
        measured.append(_LIVELINESS * mean * known)
    return np.dstack(measured)


def _halved(channels: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Half the size, odd sides rounded up: means over what is known, and how much that is."""
    height, width = known.shape
    half = ((width + 1) // 2, (height + 1) // 2)

    def shrunk(plane: Floats) -> Floats:
        return opencv.resized(opencv.extended(plane, width % 2, height % 2), *half, AREA)

    weight = shrunk(known)
    means = [shrunk(channels[..., number] * known) for number in range(channels.shape[2])]
    return np.dstack(means) / np.maximum(weight, _LEAST)[..., None], weight
