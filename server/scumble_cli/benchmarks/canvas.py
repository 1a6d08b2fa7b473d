"""A canvas in memory to measure with; however large, only what is read of it takes memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.editor.canvas import LayerInfo, Source
from scumble_protocol.geometry import Rect
from scumble_protocol.pixels import PixelFormat, Pixels

if TYPE_CHECKING:
    from scumble_protocol.editor.canvas import Margins, ResultGroup, Snapshot, Work
    from scumble_protocol.geometry import Size


class MemoryCanvas:
    """An RGBA8 canvas with a rectangular selection.

    Args:
        size: Its size. The system gives out the memory of the zeros that it begins with only where
            they are touched.
        selected: The selection, inside the canvas.
    """

    def __init__(self, size: Size, selected: Rect) -> None:
        self._size = size
        self._selected = selected
        self._pixels = np.zeros((size.height, size.width, 4), np.uint8)

    def paint(self, generator: np.random.Generator) -> None:
        """Fill the selection with other noise, so that no picture of it has been sent before."""
        rect = self._selected
        shape = (rect.height, rect.width, 4)
        self._pixels[_area(rect)] = generator.integers(0, 256, shape, np.uint8)

    def bounds(self) -> Size:
        """The size of the canvas."""
        return self._size

    def depth(self) -> PixelFormat:
        """8 bits a sample."""
        return PixelFormat.RGBA8

    def selection(self) -> Rect:
        """The bounds of what is selected."""
        return self._selected

    def layers(self) -> tuple[LayerInfo, ...]:
        """Its one layer."""
        return (LayerInfo("only", "Only", Rect.of(self._size)),)

    def read_layer(self, layer: str, rect: Rect) -> Snapshot:
        """The pixels there."""
        del layer
        return self.read(rect, Source.VISIBLE)

    def read(self, rect: Rect, source: Source) -> Snapshot:
        """The pixels there; it has one layer."""
        del source
        pixels = Pixels(rect.size, PixelFormat.RGBA8, self._pixels[_area(rect)].tobytes())
        return lambda: pixels

    def read_mask(self, rect: Rect) -> Pixels:
        """White inside the selection."""
        mask = np.zeros((rect.height, rect.width), np.uint8)
        mask[_area(self._selected.moved(-rect.x, -rect.y))] = 255
        return Pixels(rect.size, PixelFormat.GRAY8, mask.tobytes())

    def insert(self, group: ResultGroup) -> Work:
        """Put the first layer over the pixels, where its mask is white."""
        layer = group.layers[0]
        shape = (layer.rect.height, layer.rect.width)
        pixels = np.frombuffer(layer.pixels.data, np.uint8).reshape(*shape, 4)
        mask = np.frombuffer(layer.mask.data, np.uint8).reshape(shape)
        np.copyto(self._pixels[_area(layer.rect)], pixels, where=(mask == 255)[..., np.newaxis])
        return iter(())

    def enlarge(self, size: Size, group: ResultGroup) -> Work:
        """Take the group's first layer for the canvas."""
        layer = group.layers[0]
        pixels = np.frombuffer(layer.pixels.data, np.uint8)
        self._size, self._pixels = size, pixels.reshape(size.height, size.width, 4).copy()
        return iter(())

    def expand(self, margins: Margins) -> None:
        """Transparent space on the sides."""
        sides = (margins.top, margins.bottom), (margins.left, margins.right), (0, 0)
        self._size, self._pixels = margins.around(self._size), np.pad(self._pixels, sides)


def _area(rect: Rect) -> tuple[slice, slice]:
    return slice(rect.y, rect.bottom), slice(rect.x, rect.right)
