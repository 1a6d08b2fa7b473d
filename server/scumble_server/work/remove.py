"""What is selected, taken away without a model."""

from __future__ import annotations

import numpy as np

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import Phase
from scumble_protocol.requests import Remove
from scumble_server.pixels.compose import Layer
from scumble_server.pixels.masks import blend_mask, bounds, soften
from scumble_server.work.made import Made
from scumble_server.work.means import Means
from scumble_server.work.removal import telling, without


def remove(request: Remove, means: Means) -> Made:
    """The surroundings go on where something was.

    Raises:
        RequestError: Nothing is selected, or everything.
    """
    picture, selection = means.read(request.image), means.read(request.mask)
    soft = soften(selection, request.grow, request.feather)
    if soft.all():
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "Everything is selected, so nothing is left that could go on in its place.",
            "Select only what is to be taken away.",
        )
    filled = without(picture, soft, request.seed, telling(means.report, Phase.SAMPLING))
    blend = blend_mask(soft)
    shown = bounds(blend)
    area = np.s_[shown.y : shown.bottom, shown.x : shown.right]
    layer = Layer(shown.moved(request.context.x, request.context.y), filled[area], blend[area])
    return Made(layer, request.seed)
