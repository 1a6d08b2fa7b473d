"""Photographs for the tests, as pictures of every depth."""

from __future__ import annotations

from typing import Any

import numpy as np
import skimage.data
from numpy.typing import NDArray

from scumble_server.pixels.opencv import Picture

_data: Any = skimage.data


def photo() -> NDArray[np.uint8]:
    """An astronaut, (512, 512, 3), from scikit-image (NASA, public domain)."""
    return np.asarray(_data.astronaut(), np.uint8)


def opaque(colors: NDArray[np.uint8], depth: type[np.uint8 | np.uint16] = np.uint8) -> Picture:
    """Colours as a picture without transparency; 16 bits get values between those of 8."""
    picture: Picture = np.full((*colors.shape[:2], 4), np.iinfo(depth).max, depth)
    if depth is np.uint16:
        noise = np.random.default_rng(7).integers(-90, 90, colors.shape)
        picture[..., :3] = np.clip(colors.astype(int) * 257 + noise, 0, 65535)
    else:
        picture[..., :3] = colors
    return picture
