"""How strongly each pixel of a selection would be made anew, to be looked at."""

from __future__ import annotations

import numpy as np

from scumble_protocol.requests import ShowMask
from scumble_server.pixels.compose import Layer
from scumble_server.pixels.masks import bounds, soften
from scumble_server.work.made import Made
from scumble_server.work.means import Means

COLOR = (255, 0, 0, 255)
"""What covers a picture where it would be made anew; painters know their masks in red."""


def show_mask(request: ShowMask, means: Means) -> Made:
    """A layer of one colour whose mask is the local strength."""
    selection = means.read(request.mask)
    soft = soften(255 - selection if request.invert else selection, request.grow, request.feather)
    shown = bounds(soft)
    area = np.s_[shown.y : shown.bottom, shown.x : shown.right]
    mask = np.rint(soft[area] * request.strength).astype(np.uint8)
    pixels = np.empty((*mask.shape, 4), np.uint8)
    pixels[:] = COLOR
    return Made(
        Layer(shown.moved(request.context.x, request.context.y), pixels, mask), title="Mask"
    )
