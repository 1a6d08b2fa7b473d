"""Bytes in and out of GIMP's drawables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scumble_gimp.host import Gegl, Gimp
from scumble_protocol.editor.canvas import Work
from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.geometry import Rect
from scumble_protocol.pixels import PixelFormat, Pixels

BABL: Final = {
    # With primes: sRGB's curve. GEGL converts from and to whatever the image has.
    PixelFormat.RGBA8: "R'G'B'A u8",
    PixelFormat.RGBA16: "R'G'B'A u16",
    # Selections and layer masks are linear, so that this gives their bytes as they are.
    PixelFormat.GRAY8: "Y u8",
}
"""GEGL's names of the wire's formats. A name that it does not know would end the plug-in."""

STRIP_BYTES: Final = 2**20
"""About how much is written in one portion."""


def read(drawable: Gimp.Drawable, rect: Rect, form: PixelFormat, factor: float = 1.0) -> bytes:
    """The pixels of a drawable, in its own coordinates; transparent black outside of it.

    Args:
        drawable: The drawable.
        rect: Where, after it was scaled by the factor.
        form: The format to convert to.
        factor: Above 0 to 1.

    Raises:
        ServerError: GIMP gave something else.
    """
    area = Gegl.Rectangle.new(rect.x, rect.y, rect.width, rect.height)
    data = bytes(drawable.get_buffer().get(area, factor, BABL[form], Gegl.AbyssPolicy.NONE))
    if len(data) != rect.size.pixels * form.bytes_per_pixel:
        raise ServerError(
            ErrorCode.INTERNAL,
            f"GIMP gave {len(data)} bytes for {rect.size} pixels.",
            "Close pictures that you don't need, and try again.",
        )
    return data


def fill(drawable: Gimp.Drawable, pixels: Pixels) -> Work:
    """Write all pixels of a drawable that is not in its image yet, a strip a portion.

    What lies in an image may be locked, and GIMP ends a plug-in that writes there.
    """
    size, form = pixels.size, pixels.format
    row = size.width * form.bytes_per_pixel
    data = memoryview(pixels.data)
    buffer = drawable.get_buffer()
    for top, bottom in _strips(size.height, row):
        area = Gegl.Rectangle.new(0, top, size.width, bottom - top)
        # GEGL takes no notice of a wrong length; `Pixels` has made sure that it fits.
        buffer.set(area, BABL[form], bytes(data[top * row : bottom * row]))
        buffer.flush()
        yield


def _strips(height: int, row_bytes: int) -> Iterator[tuple[int, int]]:
    """First and last row of strips that end where GIMP's tiles do."""
    tile = Gimp.tile_height()
    rows = max(1, STRIP_BYTES // (row_bytes * tile)) * tile
    for top in range(0, height, rows):
        yield top, min(top + rows, height)
