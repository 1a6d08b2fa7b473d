"""Between the pixels of the wire and arrays."""

from __future__ import annotations

import numpy as np

from scumble_cli.pictures.colour import Samples
from scumble_protocol.geometry import Size
from scumble_protocol.pixels import PixelFormat, Pixels

_TYPES = {PixelFormat.RGBA8: "u1", PixelFormat.RGBA16: "<u2", PixelFormat.GRAY8: "u1"}


def array_of(pixels: Pixels) -> Samples:
    """Pixels from the wire as an array: (height, width, channels), `uint8` or `uint16`."""
    array = np.frombuffer(pixels.data, _TYPES[pixels.format])
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return native.reshape(pixels.size.height, pixels.size.width, pixels.format.channels)


def pixels_of(samples: Samples, layout: PixelFormat) -> Pixels:
    """An array, (height, width) or (height, width, channels), as pixels for the wire."""
    height, width = samples.shape[:2]
    data = samples.astype(_TYPES[layout], copy=False).tobytes()
    return Pixels(Size(width, height), layout, data)
