"""From a request, its picture and its selection to the crop that a model works on."""

from __future__ import annotations

import numpy as np

from scumble_protocol.choices import MaskedContent, ResizeMode
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Phase
from scumble_protocol.requests import Regenerate
from scumble_server.pixels import opencv
from scumble_server.pixels.crop import Crop, WorkingSize, scaled, working_size
from scumble_server.pixels.fill import fill_unknown
from scumble_server.pixels.masks import blend_mask, soften
from scumble_server.pixels.opencv import Array, Floats, Mask, Picture, unit
from scumble_server.spec import ModelSpec
from scumble_server.work.removal import telling, without
from scumble_server.work.report import Reporter, silent

_FORGOTTEN_FROM = 0.75
"""At strength 1, content is forgotten from this local strength on, fully at local strength 1."""


def prepare(
    request: Regenerate,
    picture: Picture,
    selection: Mask,
    spec: ModelSpec,
    report: Reporter = silent,
) -> Crop:
    """Bring a context to a model's working size, with the masks that say where and how much.

    Args:
        request: What to do; `context` or `target`, `strength`, `content`, `seed`, `grow` and
            `feather` are used.
        picture: uint8 or uint16 (height, width, 4), the context's pixels, at the size of `target`
            if there is one.
        selection: uint8 (height, width), what is to be made anew there.
        spec: The needs of the model.
        report: Told how far it is where that takes a while.

    Raises:
        RequestError: Nothing is selected.
    """
    soft = soften(selection, request.grow, request.feather)
    context = request.context if request.target is None else Rect.of(request.target)
    size = working_size(context.size, spec)
    denoise = unit(_pad(scaled(soft, size.content), size))
    removes = request.content is MaskedContent.REMOVE and not _resizes_latents(request)
    if removes:
        picture = without(picture, soft, request.seed, telling(report, Phase.ENCODING))
    image = _opaque(picture, size.content)
    if not removes and _is_forgotten(request):
        # Nothing of the old content shall be kept, but the VAE sees some 30 pixels far, so that
        # it would shine through in the latents around the mask. Below 1 it is meant to be kept,
        # unless the painter asks for its surroundings instead.
        image = fill_unknown(image, _remembered(scaled(soft, size.content)))
    return Crop(
        context=context,
        content=size.content,
        working=size.padded,
        image=_pad(image, size),
        denoise=denoise,
        local=soft,
        blend=blend_mask(soft),
        original=picture,
    )


def _is_forgotten(request: Regenerate) -> bool:
    return request.strength >= 1 or request.content in {MaskedContent.FILL, MaskedContent.REMOVE}


def _resizes_latents(request: Regenerate) -> bool:
    """Whether the model begins with latents of the picture at its old size, prepared by itself.

    There it is removed from; at the new size nobody looks under the mask.
    """
    return request.target is not None and request.resize is ResizeMode.LATENT


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
