"""Overlapping tiles whose weights sum to one, so that no seam is left between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scumble_server.pixels.opencv import Floats


@dataclass(frozen=True)
class Span:
    """One tile along one axis: from `start` up to `stop`, which it does not include."""

    start: int
    stop: int


def spans(length: int, tile: int, overlap: int) -> tuple[Span, ...]:
    """Tiles that cover an axis, all of the same length, spread evenly.

    Args:
        length: Pixels of the axis, at least 1.
        tile: Longest tile in pixels, more than twice the overlap.
        overlap: Pixels that neighbours have in common at least, 0 or more.

    Returns:
        One span when the axis is no longer than a tile.
    """
    if length <= tile:
        return (Span(0, length),)
    step = tile - overlap
    count = -(-(length - overlap) // step)
    starts = (number * (length - tile) // (count - 1) for number in range(count))
    return tuple(Span(start, start + tile) for start in starts)


def weights(tiles: tuple[Span, ...], scale: int) -> tuple[Floats, ...]:
    """How much each tile says at each of its pixels, enlarged by `scale`.

    A tile's weight rises from its edges to its middle, as far as it shares pixels. The outermost
    quarter of these, where a network sees least of the surroundings, doesn't count at all. At every
    pixel the weights of all tiles sum to one.
    """
    length = tiles[-1].stop * scale
    raw: list[Floats] = [_ramp(tiles, number, scale) for number in range(len(tiles))]
    total: Floats = np.zeros(length, np.float32)
    for tile, weight in zip(tiles, raw, strict=True):
        total[tile.start * scale : tile.stop * scale] += weight
    return tuple(
        np.divide(weight, total[tile.start * scale : tile.stop * scale], dtype=np.float32)
        for tile, weight in zip(tiles, raw, strict=True)
    )


def _ramp(tiles: tuple[Span, ...], number: int, scale: int) -> Floats:
    """Rising over the pixels shared with the tile before, falling over those after."""
    tile = tiles[number]
    place = np.arange(tile.start * scale, tile.stop * scale) + 0.5
    weight = np.ones(place.shape)
    if number > 0 and (shared := tiles[number - 1].stop - tile.start):
        weight = np.minimum(weight, _rise((place / scale - tile.start) / shared))
    if number + 1 < len(tiles) and (shared := tile.stop - tiles[number + 1].start):
        weight = np.minimum(weight, _rise((tile.stop - place / scale) / shared))
    return weight.astype(np.float32)


def _rise(depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 to 1 over the middle half of what is shared; depth is in parts of it."""
    return np.clip(2 * depth - 0.5, 0, 1)
