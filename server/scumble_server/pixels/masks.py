"""From a selection to the two masks: where to denoise, and what to show (docs/decisions/0004)."""

from __future__ import annotations

import numpy as np

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect
from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import Mask

SHOWN_FROM = 0.25
"""Local strength from which on a changed pixel is shown fully."""


def _disk(squared_radius: int) -> Mask:
    """The smallest square that holds all whole-pixel offsets of at most that length."""
    radius = int(squared_radius**0.5)
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(x * x + y * y <= squared_radius, np.uint8)


# Squared radii a little above 1, 4 and 9 look rounder than these; the reach along rows and columns
# is 1, 2 and 3 pixels all the same.
_DISKS = {1: _disk(2), 2: _disk(5), 3: _disk(10)}


def soften(selection: Mask, grow: int, feather: int) -> Mask:
    """The denoise mask: the selection made larger by `grow`, with a soft rim of `feather` pixels.

    The rim lies outside, so that what is fully selected stays so. Nothing reaches farther than
    `grow + feather` rows and columns, and with 0 and 0 the selection is returned as it is.

    Raises:
        RequestError: Nothing is selected.
    """
    x, y, width, height = opencv.bounding_box(selection)
    if not width:
        raise RequestError(
            ErrorCode.EMPTY_SELECTION,
            "Nothing is selected there.",
            "Select the area that shall be made anew.",
        )
    if not grow and not feather:
        return selection
    reach = grow + feather
    top, left = max(0, y - reach), max(0, x - reach)
    area = np.s_[top : y + height + reach, left : x + width + reach]
    soft = np.zeros_like(selection)
    soft[area] = _blurred(_grown(selection[area], reach - feather // 2), feather // 2)
    # The blur is square and takes a little from round corners.
    return np.maximum(soft, selection, out=soft)


def blend_mask(denoise: Mask) -> Mask:
    """The blend mask: a smooth step that is 1 from a local strength of `SHOWN_FROM` on.

    It is 0 exactly where the denoise mask is 0. On the outermost line of pixels it is the denoise
    mask itself, since grey there is the smoothed edge of a hard selection: coverage, not strength.
    """
    x, y, width, height = opencv.bounding_box(denoise)
    # A pixel more on each side, since the erosion must see that nothing is there.
    area = np.s_[max(0, y - 1) : y + height + 1, max(0, x - 1) : x + width + 1]
    strength = np.ascontiguousarray(denoise[area])
    inner = opencv.eroded(strength, _DISKS[1])
    blend = np.zeros_like(denoise)
    blend[area] = opencv.copied(opencv.looked_up(strength, _SHOWN), inner, onto=strength)
    return blend


def bounds(mask: Mask) -> Rect:
    """The smallest rectangle that holds everything above 0; the mask must not be empty."""
    return Rect(*opencv.bounding_box(mask))


def _grown(mask: Mask, radius: int) -> Mask:
    """The largest value within about `radius` pixels; exactly `radius` along rows and columns.

    Many small disks are one large disk, and take a fraction of its time.
    """
    steps, rest = divmod(radius, 3)
    if steps:
        mask = opencv.dilated(mask, _DISKS[3], steps)
    return opencv.dilated(mask, _DISKS[rest]) if rest else mask


def _blurred(mask: Mask, reach: int) -> Mask:
    """Two box blurs: a smooth kernel of finite reach that takes the same time for every reach."""
    for radius in (reach // 2, reach - reach // 2):
        if radius:
            mask = opencv.box_blurred(mask, radius)
    return mask


def _shown() -> Mask:
    strength = np.arange(256) / 255
    rising = np.minimum(1, strength / SHOWN_FROM)
    step = rising * rising * (3 - 2 * rising)
    return np.asarray(np.rint(255 * np.maximum(step, strength)), np.uint8)


_SHOWN = _shown()
