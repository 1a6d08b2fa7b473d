"""The colours of a picture, row by row, without what transparency leaves behind."""

from __future__ import annotations

import numpy as np

from scumble_protocol.geometry import Size
from scumble_server.pixels import opencv
from scumble_server.pixels.fill import extend
from scumble_server.pixels.opencv import LINEAR, Floats, Picture, unit
from scumble_server.pixels.prepare import has_transparency
from scumble_server.upscale.resizing import ResizedRows
from scumble_server.upscale.rows import ArrayRows, Rows

_SMALLER = 4
"""Surroundings have no detail: so much smaller a picture is enough to find them."""
_BAND = 256
_TINY = np.float32(1e-6)


def colors_of(picture: Picture) -> Rows:
    """The three colours of a picture of four channels, 0 to 1.

    What is fully transparent has no colour of its own and takes that of its surroundings, so that
    colours go on smoothly over an edge; those of visible pixels stay.
    """
    return _FilledRows(picture) if has_transparency(picture) else _OpaqueRows(picture)


class _OpaqueRows(Rows):
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self.size = Size(picture.shape[1], picture.shape[0])

    def read(self, start: int, stop: int) -> Floats:
        return unit(opencv.without_alpha(self._picture[start:stop]))


class _KnownRows(_OpaqueRows):
    """Visible colours, black elsewhere, and a fourth channel that is 1 where they are visible."""

    def read(self, start: int, stop: int) -> Floats:
        rows = unit(self._picture[start:stop])
        known = rows[..., 3:] > 0
        rows[..., 3] = 1
        return rows * known


class _FilledRows(_OpaqueRows):
    """As `fill.fill_unknown`, a few rows at a time."""

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture)
        around = ArrayRows(_surroundings(_KnownRows(picture)))
        self._around = ResizedRows(around, self.size, LINEAR)

    def read(self, start: int, stop: int) -> Floats:
        known = self._picture[start:stop, :, 3:] > 0
        return np.where(known, super().read(start, stop), self._around.read(start, stop))


def _surroundings(known: Rows) -> Floats:
    """Colours that go on smoothly everywhere, at a quarter of the sides."""
    small = Size(max(1, known.size.width // _SMALLER), max(1, known.size.height // _SMALLER))
    rows = ResizedRows(known, small)
    bands = [
        rows.read(start, min(start + _BAND, small.height))
        for start in range(0, small.height, _BAND)
    ]
    values = np.concatenate(bands)
    weight = np.ascontiguousarray(values[..., 3])
    return extend(values[..., :3] / np.maximum(weight, _TINY)[..., None], weight)
