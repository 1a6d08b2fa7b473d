"""From one colour space to another by Krita's own colour management."""

from __future__ import annotations

from typing import Final

from scumble_krita.channels import turned
from scumble_krita.hidden import HiddenDocuments
from scumble_krita.spaces import WIRE, Space, way
from scumble_protocol.geometry import Size
from scumble_protocol.pixels import PixelFormat

STRIP: Final = 8 * 1024
"""Pixels that Krita converts within some milliseconds, whatever the colour spaces."""

TURNED_STRIP: Final = 64 * 1024
"""Pixels that need but another order of their channels, and so are quicker."""

SAMPLE: Final = {PixelFormat.RGBA8: 1, PixelFormat.RGBA16: 2}
"""Bytes in a sample of what travels."""


class Conversion:
    """Converts pixels; for one piece of work.

    Args:
        hidden: Where it happens.
        source: The colour space of the pixels that come in.
        target: The one of those that go out.
    """

    def __init__(self, hidden: HiddenDocuments, source: Space, target: Space) -> None:
        self._way = way(source, target)
        self._document = hidden.document(source)

    def __call__(self, data: bytes, size: Size) -> bytes:
        """These pixels in the target's space; not more than `STRIP` at once, or Krita stalls."""
        node = self._document.createNode("pixels", "paintlayer")
        node.setPixelData(data, 0, 0, size.width, size.height)
        for space in self._way:
            node.setColorSpace(*space)
        return bytes(node.pixelData(0, 0, size.width, size.height))


class ToWire:
    """Makes pixels of a document fit to travel.

    Args:
        hidden: Where colours are converted, if they have to be.
        space: The colour space of the pixels.
        format: What they are to be.
    """

    def __init__(self, hidden: HiddenDocuments, space: Space, format: PixelFormat) -> None:  # noqa: A002
        self._sample = SAMPLE[format]
        self._convert = Conversion(hidden, space, WIRE[format])

    def __call__(self, data: bytes, size: Size) -> bytes:
        """These pixels as they travel."""
        return turned(self._convert(data, size), self._sample)


class FromWire:
    """Makes pixels that travelled into those of a document.

    Args:
        hidden: Where colours are converted, if they have to be.
        format: What the pixels are.
        space: The colour space of the document.
    """

    def __init__(self, hidden: HiddenDocuments, format: PixelFormat, space: Space) -> None:  # noqa: A002
        self._sample = SAMPLE[format]
        is_same = space.is_wire and space.format is format
        self._convert = None if is_same else Conversion(hidden, WIRE[format], space)
        self.strip = TURNED_STRIP if is_same else STRIP

    def __call__(self, data: bytes, size: Size) -> bytes:
        """These pixels as the document keeps them."""
        pixels = turned(data, self._sample)
        return self._convert(pixels, size) if self._convert else pixels
