"""Fill what is not known of a picture from what lies around it, smoothly."""

from __future__ import annotations

import numpy as np

from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import AREA, LINEAR, Floats

_NEUTRAL = 0.5
"""What everything becomes where nothing at all is known."""
_TINY = np.float32(1e-6)


def fill_unknown(picture: Floats, known: Floats) -> Floats:
    """Replace unknown pixels by a smooth continuation of their surroundings.

    Args:
        picture: (height, width, 3).
        known: (height, width), 0 (the pixel means nothing) to 1 (it is right).

    Returns:
        `picture * known + surroundings * (1 - known)`; the picture itself where `known` is 1.
    """
    x, y, columns, rows = opencv.bounding_box((known < 1).astype(np.uint8))
    if not columns:
        return picture
    height, width = known.shape
    # The surroundings have no detail, so a quarter of the side is enough to find them.
    small = (max(1, width // 4), max(1, height // 4))
    weight = opencv.resized(known, *small, AREA)
    color = opencv.resized(picture * known[..., None], *small, AREA)
    smooth = extend(color / np.maximum(weight, _TINY)[..., None], weight)
    around = opencv.resized(smooth, width, height, LINEAR)
    area = np.s_[y : y + rows, x : x + columns]
    share = known[area][..., None]
    filled: Floats = picture.copy()
    filled[area] = picture[area] * share + around[area] * (1 - share)
    return filled


def extend(values: Floats, weight: Floats) -> Floats:
    """Carry values from where their weight is high to where it is low, smoothly.

    Push-pull (Gortler et al., "The Lumigraph", 1996): shrink by halves until all is known, then
    fill each size from the next smaller one.

    Args:
        values: (height, width, channels).
        weight: (height, width), 0 to 1.

    Returns:
        An array like `values`; where the weight is 1 the values themselves.
    """
    height, width = weight.shape
    if weight.min() >= 1:
        return values
    if height == width == 1:
        return values if weight[0, 0] > 0 else np.full_like(values, _NEUTRAL)
    known = values * weight[..., None]
    half = ((width + 1) // 2, (height + 1) // 2)
    half_weight = opencv.resized(weight, *half, AREA)
    half_values = opencv.resized(known, *half, AREA) / np.maximum(half_weight, _TINY)[..., None]
    # One known pixel of four is enough to know the larger one.
    coarse = extend(half_values, np.minimum(1, 4 * half_weight))
    rest = opencv.resized(coarse, width, height, LINEAR)
    filled: Floats = known + rest * (1 - weight[..., None])
    return filled
