"""How the mask is shown: red, the more the redder."""

from __future__ import annotations

from scumble_protocol.editor.canvas import Layer
from scumble_protocol.editor.view import PreviewView
from scumble_protocol.geometry import Size
from scumble_protocol.pixels import PixelFormat, Pixels

_MOST_PIXELS = 2**20
"""A preview need not be finer, and the editor waits while it is made."""

_RED = bytes((230, 30, 30, 0))
_OPACITY = bytes(round(value * 0.65) for value in range(256))
"""So that the picture shines through even where everything is made anew."""


def mask_preview(layer: Layer) -> PreviewView:
    """The mask of a layer as a preview."""
    rows, size = _thinned(layer.mask)
    pixels = bytearray(_RED) * size.pixels
    pixels[3::4] = rows.translate(_OPACITY)
    return PreviewView(layer.rect, Pixels(size, PixelFormat.RGBA8, bytes(pixels)), is_mask=True)


def _thinned(mask: Pixels) -> tuple[bytes, Size]:
    """Every so many pixels of every so many rows, so that few enough are left."""
    width, height = mask.size.width, mask.size.height
    step = max(1, -(-int((width * height) ** 0.5) // int(_MOST_PIXELS**0.5)))
    starts = range(0, height, step)
    rows = b"".join(mask.data[y * width : (y + 1) * width : step] for y in starts)
    return bytes(rows), Size(-(-width // step), len(starts))
