"""From what the model made to a layer that lies on the canvas and changes nothing around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.geometry import Rect
from scumble_server.pixels import opencv
from scumble_server.pixels.color import match_color as matched
from scumble_server.pixels.crop import Crop
from scumble_server.pixels.masks import bounds
from scumble_server.pixels.opencv import Floats, Mask, Picture, Samples, quantized
from scumble_server.pixels.prepare import has_transparency

_SHAPES_KEPT = 0.5
_SHAPES_NEW = 0.75
"""Local strengths up to which a model keeps the shapes, and from which on it makes new ones."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A result on the canvas.

    Args:
        rect: Where it lies, in canvas pixels.
        pixels: uint8 or uint16 (height, width, 4), straight alpha; where the mask is 0 they are
            the pixels that were sent.
        mask: uint8 (height, width), 0 (hidden) to 255 (shown).
    """

    rect: Rect
    pixels: Picture
    mask: Mask


def compose(crop: Crop, image: Floats, *, strength: float, match_color: bool) -> Layer:
    """Bring a working picture back to the canvas, as large as what is shown of it.

    Args:
        crop: What the model was given.
        image: What it made, float32 (working height, working width, 3), 0 to 1, sRGB.
        strength: The denoising strength it was made with.
        match_color: Whether to match its colour to the surroundings at the rim.

    Raises:
        ServerError: The model made no numbers.
    """
    if not np.isfinite(image.sum()):
        raise ServerError(
            ErrorCode.INTERNAL,
            "The model made no picture: its numbers ran over.",
            "Try another seed or sampler, or a lower CFG.",
        )
    if match_color:
        image = matched(image, crop.image, crop.denoise)
    shown = bounds(crop.blend)
    area = np.s_[shown.y : shown.bottom, shown.x : shown.right]
    made = opencv.with_alpha(crop.place(quantized(image, crop.original))[area])
    if has_transparency(crop.original):
        made[..., 3] = _alpha(crop, strength)[area]
    mask = crop.blend[area]
    pixels = opencv.copied(made, mask, onto=crop.original[area])
    return Layer(shown.moved(crop.context.x, crop.context.y), pixels, mask)


def untouched(context: Rect, picture: Picture, blend: Mask) -> Layer:
    """The layer of a request of strength 0: the pixels that were sent."""
    shown = bounds(blend)
    area = np.s_[shown.y : shown.bottom, shown.x : shown.right]
    return Layer(shown.moved(context.x, context.y), picture[area], blend[area])


def _alpha(crop: Crop, strength: float) -> Samples:
    """The result's alpha: the old one where old shapes are kept, opaque where new ones are made.

    A model knows no transparency. At low strength it keeps the shapes, and so their alpha fits; at
    high strength it paints something else, which the old alpha would cut to pieces.
    """
    # Resampled, the local strength would fade towards what is not selected.
    local = opencv.unit(crop.local) * strength
    new = np.clip((local - _SHAPES_KEPT) / (_SHAPES_NEW - _SHAPES_KEPT), 0, 1)
    opaque = quantized(new, crop.original)
    return np.maximum(crop.original[..., 3], opaque)
