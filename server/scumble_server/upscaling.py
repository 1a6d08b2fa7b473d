"""A rectangle of the canvas, enlarged."""

from __future__ import annotations

import numpy as np

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect
from scumble_protocol.requests import Upscale
from scumble_server.compose import Layer
from scumble_server.made import Made
from scumble_server.means import Means
from scumble_server.upscale.enlarge import enlarge
from scumble_server.upscale.upscaler import Upscaler


def upscale(request: Upscale, means: Means) -> Made:
    """Enlarge a rectangle of the canvas; the layer lies on the enlarged canvas."""
    picture = means.read(request.image)
    upscaler = means.shelf.get(request.model, means.report)
    if not isinstance(upscaler, Upscaler):
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"{request.model} is no upscaler.",
            "Choose one, for instance lanczos.",
        )
    means.watch.enter("sampling")
    target = request.target
    pixels = enlarge(picture, target, upscaler, means.report)
    left, top = round(request.context.x * request.scale), round(request.context.y * request.scale)
    mask = np.full((target.height, target.width), 255, np.uint8)
    return Made(Layer(Rect(left, top, target.width, target.height), pixels, mask))
