"""From a request, its picture and its selection to the crop that a model works on."""

from __future__ import annotations

import numpy as np

from scumble_protocol.choices import MaskedContent
from scumble_protocol.geometry import Size
from scumble_protocol.requests import Regenerate
from scumble_server import opencv
from scumble_server.crop import Crop, WorkingSize, scaled, working_size
from scumble_server.fill import fill_unknown
from scumble_server.masks import blend_mask, soften
from scumble_server.opencv import Array, Floats, Mask, Picture, unit
from scumble_server.spec import ModelSpec

_FORGOTTEN_FROM = 0.75
"""At strength 1, content is forgotten from this local strength on, fully at local strength 1."""


def prepare(request: Regenerate, picture: Picture, selection: Mask, spec: ModelSpec) -> Crop:
    """Bring a context to a model's working size, with the masks that say where and how much.

    Args:
        request: What to do; `context`, `strength`, `content`, `grow` and `feather` are used.
        picture: uint8 or uint16 (height, width, 4), the context's pixels.
        selection: uint8 (height, width).
        spec: The needs of the model.

    Raises:
        RequestError: Nothing is selected.
    """
    soft = soften(selection, request.grow, request.feather)
    size = working_size(request.context.size, spec)
    denoise = unit(_pad(scaled(soft, size.content), size))
    image = _opaque(picture, size.content)
    if request.strength >= 1 or request.content is MaskedContent.FILL:
        # Nothing of the old content shall be kept, but the VAE sees some 30 pixels far, so that
        # it would shine through in the latents around the mask. Below 1 it is meant to be kept,
        # unless the painter asks for its surroundings instead.
        image = fill_unknown(image, _remembered(scaled(soft, size.content)))
    return Crop(
        context=request.context,
        content=size.content,
        working=size.padded,
        image=_pad(image, size),
        denoise=denoise,
        blend=blend_mask(soft),
        original=picture,
    )


def has_transparency(picture: Picture) -> bool:
    """Whether any pixel lets something shine through."""
    return bool(picture[..., 3].min() < np.iinfo(picture.dtype).max)


def _opaque(picture: Picture, size: Size) -> Floats:
    """The picture as the model sees it: float32 (height, width, 3), without transparency.

    What is transparent has no colour of its own (editors leave black or white there), so it takes
    that of its surroundings; a model would paint a fringe otherwise.
    """
    color = opencv.without_alpha(picture)
    if not has_transparency(picture):
        return unit(scaled(color, size))
    return scaled(fill_unknown(unit(color), unit(picture[..., 3])), size)


def _remembered(soft: Mask) -> Floats:
    forgotten = (unit(soft) - _FORGOTTEN_FROM) / (1 - _FORGOTTEN_FROM)
    remembered: Floats = np.clip(1 - forgotten, 0, 1)
    return remembered


def _pad(samples: Array, size: WorkingSize) -> Array:
    """Repeat the last column and row until the working size is reached."""
    right = size.padded.width - size.content.width
    return opencv.extended(samples, right, size.padded.height - size.content.height)
