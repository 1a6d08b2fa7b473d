"""Pictures whose rows are made when they are asked for, so that no large one is there whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import cast

import numpy as np

from scumble_protocol.geometry import Size
from scumble_server.pixels.opencv import Floats, Samples, unit


class Rows(ABC):
    """A picture that is read once, from top to bottom."""

    size: Size
    """Its width and height."""

    @abstractmethod
    def read(self, start: int, stop: int) -> Floats:
        """Rows from `start` up to `stop`, which is not included.

        Rows above `start` may be forgotten: no later call may ask for them.

        Returns:
            float32 (stop - start, width, channels), about 0 to 1; not to be written to.
        """


class ArrayRows(Rows):
    """The rows of an array.

    Args:
        array: (height, width, channels) of uint8, uint16 or float32 (0 to 1).
    """

    def __init__(self, array: Samples) -> None:
        self._array = array
        self.size = Size(array.shape[1], array.shape[0])

    def read(self, start: int, stop: int) -> Floats:
        """See `Rows.read`."""
        rows = self._array[start:stop]
        return cast("Floats", rows) if rows.dtype == np.float32 else unit(rows)


class MixedRows(Rows):
    """Two pictures of one size, mixed.

    Args:
        first: One.
        second: The other.
        share: How much of the second one is in the mixture, 0 to 1.
    """

    def __init__(self, first: Rows, second: Rows, share: float) -> None:
        self._first = first
        self._second = second
        self._share = np.float32(share)
        self.size = first.size

    def read(self, start: int, stop: int) -> Floats:
        """See `Rows.read`."""
        # Interpolation may swing beyond the range, which would be clipped if it stood alone.
        one, other = (np.clip(rows.read(start, stop), 0, 1) for rows in (self._first, self._second))
        mixed: Floats = one + (other - one) * self._share
        return mixed


class GrowingRows(Rows):
    """Rows that come in portions, kept while someone may ask for them."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._start = 0
        self._kept: list[Floats] = []

    @abstractmethod
    def _next(self) -> Floats:
        """The next portion, at least one row."""

    def read(self, start: int, stop: int) -> Floats:
        """See `Rows.read`."""
        while self._kept and self._start + len(self._kept[0]) <= start:
            self._start += len(self._kept.pop(0))
        while self._start + sum(map(len, self._kept)) < stop:
            self._kept.append(self._next())
        if self._kept and start > self._start:
            self._kept[0] = self._kept[0][start - self._start :]
            self._start = start
        rows: Floats = self._kept[0] if len(self._kept) == 1 else np.concatenate(self._kept)
        return rows[: stop - start]
