"""Pixels as they travel: straight alpha, row-major, sRGB, little-endian."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from scumble_protocol.errors import ProtocolError
from scumble_protocol.geometry import Size


class PixelFormat(str, enum.Enum):
    """The layouts of a pixel on the wire."""

    RGBA8 = "rgba8"
    RGBA16 = "rgba16"
    GRAY8 = "gray8"

    @property
    def channels(self) -> int:
        """Samples per pixel."""
        return 1 if self is PixelFormat.GRAY8 else 4

    @property
    def bytes_per_pixel(self) -> int:
        """Bytes per pixel; samples of `rgba16` take two, little-endian."""
        return {PixelFormat.RGBA8: 4, PixelFormat.RGBA16: 8, PixelFormat.GRAY8: 1}[self]


@dataclass(frozen=True)
class Pixels:
    """A picture or a mask in memory.

    Args:
        size: Width and height.
        format: The pixel layout.
        data: Rows from top to bottom without padding,
            `size.pixels * format.bytes_per_pixel` bytes long.

    Raises:
        ProtocolError: The data's length does not fit size and format.
    """

    size: Size
    format: PixelFormat
    data: bytes

    def __post_init__(self) -> None:
        expected = self.size.pixels * self.format.bytes_per_pixel
        if len(self.data) != expected:
            raise ProtocolError(
                f"{self.size} pixels of {self.format.value} take {expected} bytes, not "
                f"{len(self.data)}."
            )
