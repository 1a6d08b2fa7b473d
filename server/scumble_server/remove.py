"""What is selected, taken away without a model."""

from __future__ import annotations

from scumble_protocol.requests import Remove
from scumble_server.compose import Layer
from scumble_server.fill import fill_unknown
from scumble_server.made import Made
from scumble_server.masks import blend_mask, bounds, soften
from scumble_server.means import Means
from scumble_server.opencv import copied, quantized, unit, with_alpha, without_alpha


def remove(request: Remove, means: Means) -> Made:
    """The surroundings go on where something was."""
    picture, selection = means.read(request.image), means.read(request.mask)
    soft = soften(selection, request.grow, request.feather)
    filled = fill_unknown(unit(without_alpha(picture)), 1 - unit(soft))
    blend = blend_mask(soft)
    shown = bounds(blend)
    rows, columns = slice(shown.y, shown.bottom), slice(shown.x, shown.right)
    made = with_alpha(quantized(filled, picture))[rows, columns]
    mask = blend[rows, columns]
    pixels = copied(made, mask, onto=picture[rows, columns])
    return Made(Layer(shown.moved(request.context.x, request.context.y), pixels, mask))
