"""The order of the channels: red comes first in what travels, and blue in what Krita keeps."""

from __future__ import annotations

from typing import Final

_PIECE: Final = 256 * 1024
"""Bytes turned at once: between two pieces, other threads get their turn."""


def turned(data: bytes, sample: int) -> bytes:
    """Pixels of four samples with the first and the third exchanged; its own inverse.

    Args:
        data: Any number of pixels; whatever has the buffer protocol, like Qt's byte arrays.
        sample: Bytes in a sample, 1 or 2.
    """
    view = memoryview(data)
    pieces = (view[start : start + _PIECE] for start in range(0, len(view), _PIECE))
    return b"".join(_turn(piece, sample) for piece in pieces)


def _turn(piece: memoryview, sample: int) -> bytearray:
    turned = bytearray(piece)
    pixel = 4 * sample
    for byte in range(sample):
        turned[byte::pixel] = piece[2 * sample + byte :: pixel]
        turned[2 * sample + byte :: pixel] = piece[byte::pixel]
    return turned
