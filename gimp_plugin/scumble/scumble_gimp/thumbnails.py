"""Small pictures of layers for the panel."""

from __future__ import annotations

from scumble_gimp.host import Gimp
from scumble_protocol.geometry import Size
from scumble_protocol.pixels import PixelFormat, Pixels


def thumbnail_of(layer: Gimp.Layer, side: int) -> Pixels:
    """A layer as `rgba8`, at most `side` pixels wide and high; GIMP keeps its proportions."""
    data, width, height, samples = layer.get_thumbnail_data(side, side)
    return Pixels(Size(width, height), PixelFormat.RGBA8, _rgba(bytes(data.get_data()), samples))


def _rgba(data: bytes, samples: int) -> bytes:
    """From 1 (grey) to 4 samples a pixel, as the layer and the version of GIMP have it."""
    rgba = bytearray(b"\xff" * (len(data) // samples * 4))
    colours = (0, 1, 2) if samples > 2 else (0, 0, 0)
    for target, source in enumerate(colours):
        rgba[target::4] = data[source::samples]
    if samples in {2, 4}:
        rgba[3::4] = data[samples - 1 :: samples]
    return bytes(rgba)
