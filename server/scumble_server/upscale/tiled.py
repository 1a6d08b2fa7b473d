"""A picture made anew tile by tile, each of them by a network, so that no edge of theirs shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scumble_protocol.geometry import Rect, Size
from scumble_server.pixels.opencv import Floats
from scumble_server.upscale.rows import GrowingRows, Rows
from scumble_server.upscale.tiles import Span, weights

Work = Callable[[Floats, Rect], Floats]
"""Makes a tile anew: float32 (height, width, channels), and where it lies in the picture."""


@dataclass(frozen=True)
class Layout:
    """How a picture is cut into tiles.

    Args:
        rows: From top to bottom.
        columns: From left to right.
    """

    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    @property
    def count(self) -> int:
        """The number of tiles."""
        return len(self.rows) * len(self.columns)

    @property
    def tile(self) -> Size:
        """The size of the first tile; none is larger."""
        first, left = self.rows[0], self.columns[0]
        return Size(left.stop - left.start, first.stop - first.start)

    @property
    def places(self) -> tuple[Rect, ...]:
        """Where the tiles lie, row by row."""
        return tuple(place(row, column) for row in self.rows for column in self.columns)


def place(row: Span, column: Span) -> Rect:
    """Where the tile of a row and a column lies."""
    return Rect.edges(column.start, row.start, column.stop, row.stop)


class TiledRows(GrowingRows):
    """What comes of a picture when every tile of it is worked on alone.

    Args:
        source: The picture.
        layout: Its tiles.
        scale: By how much `work` enlarges.
        work: Makes one tile; called row by row, from left to right.
    """

    def __init__(self, source: Rows, layout: Layout, scale: int, work: Work) -> None:
        width, height = source.size.width * scale, source.size.height * scale
        super().__init__(Size(width, height))
        self._source = source
        self._layout = layout
        self._scale = scale
        self._work = work
        self._down = weights(layout.rows, scale)
        self._across = weights(layout.columns, scale)
        self._row = 0
        # Rows to which the next row of tiles will add something.
        self._open: Floats = np.zeros((0, width, 3), np.float32)

    def _next(self) -> Floats:
        rows, scale = self._layout.rows, self._scale
        row, down = rows[self._row], self._down[self._row]
        self._row += 1
        band = self._source.read(row.start, row.stop)
        total = np.zeros(((row.stop - row.start) * scale, *self._open.shape[1:]), np.float32)
        total[: len(self._open)] = self._open
        for column, across in zip(self._layout.columns, self._across, strict=True):
            made = self._work(band[:, column.start : column.stop], place(row, column))
            area = np.s_[:, column.start * scale : column.stop * scale]
            total[area] += made * np.multiply.outer(down, across)[..., None]
        following = rows[self._row].start if self._row < len(rows) else row.stop
        finished = (following - row.start) * scale
        self._open = total[finished:]
        return total[:finished]
