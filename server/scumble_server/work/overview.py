"""The whole of a picture that is worked on in pieces, small enough to be shown at any time."""

from __future__ import annotations

import numpy as np

from scumble_protocol.geometry import Rect, Size
from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import AREA, LINEAR, Floats, Picture, quantized
from scumble_server.work.report import PreviewReport

SIDE = 256
"""The longer side of what is shown."""


class Overview:
    """A small picture of a large one.

    Args:
        before: uint8 or uint16 (height, width, 4): what is shown at first.
        size: The size of the large picture, in which places are given.
    """

    def __init__(self, before: Picture, size: Size) -> None:
        self._scale = min(1.0, SIDE / max(size.width, size.height))
        width, height = (max(1, round(side * self._scale)) for side in (size.width, size.height))
        shrinks = width < before.shape[1] or height < before.shape[0]
        small = opencv.resized(before, width, height, AREA if shrinks else LINEAR)
        self._pixels = opencv.quantized(opencv.unit(small), np.empty(0, np.uint8))

    def show(self, piece: Floats, place: Rect) -> None:
        """Put a piece into it: float32 (any height, any width, 3), 0 to 1, for a place."""
        height, width = self._pixels.shape[:2]
        left, top = round(place.x * self._scale), round(place.y * self._scale)
        right = min(width, max(left + 1, round(place.right * self._scale)))
        bottom = min(height, max(top + 1, round(place.bottom * self._scale)))
        if left >= right or top >= bottom:
            return
        shrinks = right - left < piece.shape[1]
        small = opencv.resized(piece, right - left, bottom - top, AREA if shrinks else LINEAR)
        self._pixels[top:bottom, left:right, :3] = quantized(small, self._pixels)

    def report(self) -> PreviewReport:
        """What there is to show now."""
        return PreviewReport(self._pixels.copy())
