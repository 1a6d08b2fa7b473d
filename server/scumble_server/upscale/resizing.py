"""Interpolation a few rows at a time; what comes out is what OpenCV makes of the whole picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scumble_protocol.geometry import Size
from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import AREA, LANCZOS, LINEAR, Floats
from scumble_server.upscale.rows import Rows

_REACH = {LINEAR: 1, LANCZOS: 4}
"""Rows to either side that an interpolation looks at."""


class ResizedRows(Rows):
    """A picture at another size, both sides by their own factor.

    Args:
        source: The picture.
        size: The size to reach.
        method: How to enlarge; whatever becomes smaller is averaged.
    """

    def __init__(self, source: Rows, size: Size, method: int = LANCZOS) -> None:
        self._source = source
        shrinks = size.width < source.size.width or size.height < source.size.height
        self._method = AREA if shrinks else method
        self.size = size

    def read(self, start: int, stop: int) -> Floats:
        """See `Rows.read`."""
        before, after = self._source.size, self.size
        if before == after:
            return self._source.read(start, stop)
        taps = taps_for(start, stop, before.height, after.height, self._method)
        rows = self._source.read(taps.start, taps.stop)
        # Across first: it is slow, and there are fewer rows now, or it makes them shorter.
        return taps(_widened(rows, after.width, self._method))


@dataclass(frozen=True)
class Taps:
    """Which rows others are made of, and how much of each.

    Args:
        start: The first row that is read.
        stop: The first that is not read any more.
        shares: float32 (rows made, rows read); each line sums to one.
    """

    start: int
    stop: int
    shares: Floats

    def __call__(self, rows: Floats) -> Floats:
        """The rows made of rows `start` to `stop`."""
        flat = rows.reshape(len(rows), -1)
        made: Floats = (self.shares @ flat).reshape(-1, *rows.shape[1:])
        return made


def taps_for(start: int, stop: int, before: int, after: int, method: int) -> Taps:
    """The taps for rows `start` to `stop` of `after` rows made of `before`."""
    rows = np.arange(start, stop)
    places, shares = (_areas if method == AREA else _interpolated)(rows, before / after, method)
    places = np.clip(places, 0, before - 1)
    first, last = int(places.min()), int(places.max()) + 1
    dense = np.zeros((len(rows), last - first))
    np.add.at(dense, (np.arange(len(rows))[:, None], places - first), shares)
    return Taps(first, last, (dense / dense.sum(1, keepdims=True)).astype(np.float32))


Weighed = tuple[NDArray[np.int64], NDArray[np.float64]]
"""For each row made: the rows that it is made of, and how much each of them counts."""


def _interpolated(rows: NDArray[np.int64], factor: float, method: int) -> Weighed:
    reach = _REACH[method]
    center = (rows + 0.5) * factor - 0.5
    places = np.floor(center).astype(np.int64)[:, None] + np.arange(1 - reach, reach + 1)
    distance = places - center[:, None]
    if method == LINEAR:
        return places, 1 - np.abs(distance)
    return places, np.sinc(distance) * np.sinc(distance / reach)


def _areas(rows: NDArray[np.int64], factor: float, _method: int) -> Weighed:
    """How much of each row lies between a made row's edges."""
    top, bottom = rows[:, None] * factor, (rows[:, None] + 1) * factor
    places = np.floor(top).astype(np.int64) + np.arange(int(np.ceil(factor)) + 1)
    return places, np.clip(np.minimum(bottom, places + 1) - np.maximum(top, places), 0, None)


def _widened(rows: Floats, width: int, method: int) -> Floats:
    if rows.shape[1] == width:
        return rows
    return opencv.resized(np.ascontiguousarray(rows), width, len(rows), method)
