"""A piece of the canvas at a size that suits a model, and the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np

from scumble_protocol.geometry import Rect, Size
from scumble_server.control.guides import NO_GUIDES, Guides
from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import AREA, CUBIC, Array, Floats, Mask, Picture
from scumble_server.spec import ModelSpec

_SLACK = 1.1
"""A context up to this factor too small is left as it is: resampling costs sharpness."""


@dataclass(frozen=True)
class WorkingSize:
    """How a context is brought to a model: scaled to `content`, then padded to `padded`.

    Args:
        content: The context's size times one factor, rounded to whole pixels.
        padded: At least as large, both sides multiples of what the model asks for; the padding
            lies at the right and at the bottom.
    """

    content: Size
    padded: Size


@dataclass(frozen=True, eq=False)
class Crop:
    """What the model works on, and where it came from.

    Args:
        context: Where the crop lies on the canvas.
        content: The part of the working picture, from its top left corner, that shows the context;
            the rest is padding.
        working: Size of the working picture.
        image: float32 (working height, working width, 3), 0 to 1, sRGB, opaque.
        denoise: float32 (working height, working width): local strength, 0 (keep) to 1 (full).
        local: uint8 (context height, context width): the local strength again, 0 to 255, as it is
            before it is brought to the working size.
        blend: uint8 (context height, context width): what of the result is shown.
        original: uint8 or uint16 (context height, context width, 4): the pixels that were sent.
        guides: What guides the model besides its prompt.
        piece: Where the working picture lies in a larger one that is made in pieces, in pixels, on
            whole latents: pieces share their noise where they overlap. None where it is all there
            is.
        latents_from: The same picture before it was brought to its size, where its latents are to
            be resized rather than its pixels.
    """

    context: Rect
    content: Size
    working: Size
    image: Floats
    denoise: Floats
    local: Mask
    blend: Mask
    original: Picture
    guides: Guides = NO_GUIDES
    piece: Rect | None = None
    latents_from: Crop | None = None

    def trim(self, picture: Array) -> Array:
        """Take the padding off a picture that stands for the working picture, of any size."""
        height, width = picture.shape[:2]
        rows = max(1, round(height * self.content.height / self.working.height))
        columns = max(1, round(width * self.content.width / self.working.width))
        return cast("Array", picture[:rows, :columns])

    def place(self, picture: Array) -> Array:
        """The way back: a picture of the working size, trimmed and at the context's size.

        The sample type stays, and integers are clipped to their range.
        """
        return scaled(self.trim(picture), self.context.size)


def working_size(context: Size, spec: ModelSpec) -> WorkingSize:
    """The size at which a model does best with a context; both sides are scaled by one factor.

    Small contexts are enlarged to the model's native pixel count, large ones shrunk to its limits,
    and whatever fits is left as it is.
    """
    fitted = _padded(context, _factor(context, spec), spec)
    if fitted.padded.pixels <= spec.max_pixels:
        return fitted
    # Rounding up to the multiple went beyond the limit, so round down instead.
    width = max(fitted.content.width // spec.multiple, 1) * spec.multiple
    height = max(fitted.content.height // spec.multiple, 1) * spec.multiple
    return _padded(context, min(width / context.width, height / context.height), spec)


def scaled(picture: Array, size: Size) -> Array:
    """A picture or mask at another size; the same object when it has that size already."""
    height, width = picture.shape[:2]
    if (width, height) == (size.width, size.height):
        return picture
    shrinks = size.width < width or size.height < height
    result = opencv.resized(picture, size.width, size.height, AREA if shrinks else CUBIC)
    # Cubic interpolation swings beyond the edges it sharpens; integers were clipped already.
    return cast("Array", np.clip(result, 0, 1)) if result.dtype == np.float32 else result


def _factor(context: Size, spec: ModelSpec) -> float:
    short, long = sorted((context.width, context.height))
    factor = max(spec.native_side / math.sqrt(context.pixels), spec.min_side / short)
    longest = spec.max_side // spec.multiple * spec.multiple
    limit = min(longest / long, math.sqrt(spec.max_pixels / context.pixels))
    return min(1.0 if factor < _SLACK else factor, limit)


def _padded(context: Size, factor: float, spec: ModelSpec) -> WorkingSize:
    content = Size(max(1, round(context.width * factor)), max(1, round(context.height * factor)))
    width, height = (
        math.ceil(max(side, spec.min_side) / spec.multiple) * spec.multiple
        for side in (content.width, content.height)
    )
    return WorkingSize(content, Size(width, height))
