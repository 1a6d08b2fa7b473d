"""Small pictures of layers, made of few of their pixels, so that large layers are quick as well."""

from __future__ import annotations

from typing import Final, Literal

from krita import Node
from scumble_krita.channels import turned
from scumble_krita.conversion import ToWire
from scumble_krita.hidden import HiddenDocuments
from scumble_krita.qt import Qt, QtGui
from scumble_krita.spaces import WIRE, space_of
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels

_FINER: Final = 3
"""So many pixels in each direction are read for one of the small picture, and averaged."""

_FORMATS: Final[dict[int, Literal["I", "Q"]]] = {4: "I", 8: "Q"}
"""By the bytes of a pixel, the letter of a number of the same size."""


def miniature_of(node: Node, side: int, hidden: HiddenDocuments) -> Pixels:
    """What a paint layer holds, without its mask.

    Args:
        node: The layer.
        side: The most pixels in width and height.
        hidden: Where colours are converted, if they have to be.

    Returns:
        `rgba8`; a single transparent pixel if the layer is empty.
    """
    bounds = node.bounds()
    if bounds.isEmpty():
        return Pixels(Size(1, 1), PixelFormat.RGBA8, bytes(4))
    rect = Rect(bounds.x(), bounds.y(), bounds.width(), bounds.height())
    space = space_of(node)
    is_wire = space == WIRE[PixelFormat.RGBA8]
    step = max(1, max(rect.width, rect.height) // (side * (_FINER if is_wire else 1)))
    data, size = _every(node, rect, step)
    wire = turned(data, 1) if is_wire else ToWire(hidden, space, PixelFormat.RGBA8)(data, size)
    return _shrunk(Pixels(size, PixelFormat.RGBA8, wire), side)


def _every(node: Node, rect: Rect, step: int) -> tuple[bytes, Size]:
    """Every `step`th pixel of every `step`th row."""
    rows = range(rect.y, rect.bottom, step)
    sampled = [
        _pixels(bytes(node.pixelData(rect.x, y, rect.width, 1)), rect.width, step) for y in rows
    ]
    return b"".join(sampled), Size(len(range(0, rect.width, step)), len(rows))


def _pixels(row: bytes, width: int, step: int) -> bytes:
    pixel = len(row) // width
    if pixel in _FORMATS:
        return memoryview(row).cast(_FORMATS[pixel])[::step].tobytes()
    return b"".join(row[start : start + pixel] for start in range(0, len(row), step * pixel))


def _shrunk(pixels: Pixels, side: int) -> Pixels:
    width, height = pixels.size.width, pixels.size.height
    if max(width, height) <= side:
        return pixels
    layout = QtGui.QImage.Format.Format_RGBA8888
    image = QtGui.QImage(pixels.data, width, height, width * 4, layout).scaled(
        side,
        side,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    # Smoothing works on another layout; rows of four bytes a pixel have no padding.
    image = image.convertToFormat(layout)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return Pixels(Size(image.width(), image.height()), PixelFormat.RGBA8, bytes(bits))
