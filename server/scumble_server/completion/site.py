"""Where the missing pixels of one size lie, and from where they can be copied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scumble_server.completion.pyramid import PATCH, RADIUS, Hole, Level, known_patches
from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import Floats

Places = NDArray[np.intp]
"""Pixels as numbers, counted row by row through the picture with its margin."""
Numbers = NDArray[np.int32]

_MOST_SOURCES = 500_000
"""Patches that are looked through; of more, those nearest to the hole."""


@dataclass(frozen=True, eq=False)
class Site:
    """The geometry of one size.

    All around the picture lies a margin of `RADIUS` pixels that is missing too, so that patches at
    the edge need no rule of their own: the margin is made up like the hole, and cut off at last.

    Args:
        hole: What is missing of the picture, (height, width) without the margin.
        height: Rows, with the margin.
        width: Columns, with the margin.
        holes: What is missing and lies in some target's patch.
        targets: Centres of the patches that hold something of the hole.
        target_at: For each place its number among the targets, or -1.
        sources: Centres of wholly known patches.
        source_at: For each place its number among the sources, or -1.
    """

    hole: Hole
    height: int
    width: int
    holes: Places
    targets: Places
    target_at: Numbers
    sources: Places
    source_at: Numbers

    @classmethod
    def of(cls, level: Level) -> Site:
        """The geometry of a size of the picture."""
        touched = np.pad(opencv.dilated(level.hole.astype(np.uint8), PATCH), RADIUS)
        missing = np.pad(level.hole, RADIUS, constant_values=True)
        targets = np.flatnonzero(touched)
        sources = _nearest(np.flatnonzero(np.pad(known_patches(level.hole), RADIUS)), level)
        return cls(
            hole=level.hole,
            height=missing.shape[0],
            width=missing.shape[1],
            holes=np.flatnonzero(missing & (opencv.dilated(touched, PATCH) > 0)),
            targets=targets,
            target_at=_numbers(targets, missing.size),
            sources=sources,
            source_at=_numbers(sources, missing.size),
        )

    @property
    def window(self) -> Places:
        """The steps from a patch's centre to its pixels, row by row."""
        reach = np.arange(-RADIUS, RADIUS + 1)
        return (reach[:, None] * self.width + reach).ravel()

    def position(self, places: Places) -> tuple[Places, Places]:
        """Row and column in the picture itself."""
        return places // self.width - RADIUS, places % self.width - RADIUS

    def place(self, row: Places, column: Places) -> Places:
        """The way back from `position`; what lies far outside becomes any place."""
        return self.inside((row + RADIUS) * self.width + column + RADIUS)

    def inside(self, places: Places) -> Places:
        """Numbers that are places for sure; each place stays itself."""
        return np.clip(places, 0, self.target_at.size - 1)

    def unknown(self) -> NDArray[np.bool_]:
        """For each place whether it is missing, the margin being so too."""
        unknown = np.ones((self.height, self.width), np.bool_)
        unknown[RADIUS:-RADIUS, RADIUS:-RADIUS] = self.hole
        return unknown.ravel()

    def framed(self, channels: Floats) -> Floats:
        """A picture as (places, channels), the margin repeating its edge."""
        margin = (RADIUS, RADIUS)
        return np.pad(channels, (margin, margin, (0, 0)), "edge").reshape(-1, channels.shape[2])

    def unframed(self, values: Floats) -> Floats:
        """The way back from `framed`."""
        framed = values.reshape(self.height, self.width, -1)
        return framed[RADIUS:-RADIUS, RADIUS:-RADIUS]

    def patches(self, values: Floats, centres: Places) -> Floats:
        """The patches around some places, (centres, pixels * channels)."""
        taken = np.take(values, centres[:, None] + self.window, axis=0)
        return taken.reshape(len(centres), -1)


def _numbers(places: Places, count: int) -> Numbers:
    numbers = np.full(count, -1, np.int32)
    numbers[places] = np.arange(len(places), dtype=np.int32)
    return numbers


def _nearest(sources: Places, level: Level) -> Places:
    if len(sources) <= _MOST_SOURCES:
        return sources
    away = np.pad(opencv.distance_to_zero((~level.hole).astype(np.uint8)), RADIUS).ravel()[sources]
    nearest: Places = sources[away <= np.partition(away, _MOST_SOURCES)[_MOST_SOURCES]]
    return nearest
