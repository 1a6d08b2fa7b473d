"""A picture whose result shall have another size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from scumble_protocol.choices import ResizeMode
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.requests import Regenerate
from scumble_server.pixels import opencv
from scumble_server.pixels.compose import Layer
from scumble_server.pixels.crop import scaled
from scumble_server.pixels.fill import fill_unknown
from scumble_server.pixels.opencv import Array, Mask, Picture, Samples, quantized, unit


@dataclass(frozen=True)
class Frame:
    """How pictures of one size are brought to another one.

    Whatever belongs to the canvas is brought in the same way: the picture, the selection, control
    pictures and the masks of regions.

    Args:
        source: Their size.
        target: The size to reach.
        cut: The part of the source that is used.
        placed: Where in the target that part comes to lie.
    """

    source: Size
    target: Size
    cut: Rect
    placed: Rect

    @classmethod
    def of(cls, source: Size, target: Size, mode: ResizeMode) -> Frame:
        """The frame of a resize mode; latents are resized as with `STRETCH`."""
        cut, placed = Rect.of(source), Rect.of(target)
        across, down = target.width / source.width, target.height / source.height
        if mode is ResizeMode.CROP:
            cut = _centred(target, 1 / max(across, down), source)
        elif mode is ResizeMode.FILL:
            placed = _centred(source, min(across, down), target)
        return cls(source, target, cut, placed)

    def bring(self, samples: Array) -> Array:
        """Samples of the source's size at the target's; what is missing repeats their edge.

        Of pictures with alpha `bring_picture` takes better care.
        """
        cut = samples[self.cut.y : self.cut.bottom, self.cut.x : self.cut.right]
        brought = scaled(cast("Array", cut), self.placed.size)
        return opencv.surrounded(brought, self.placed, self.target)

    def bring_picture(self, picture: Picture) -> Picture:
        """A picture at the target's size; what is missing continues its colours smoothly."""
        has_alpha = bool(picture[..., 3].min() < np.iinfo(picture.dtype).max)
        color = opencv.without_alpha(picture)
        if has_alpha:
            # Transparent pixels have no colour of their own to be mixed in.
            color = quantized(fill_unknown(unit(color), unit(picture[..., 3])), picture)
        brought = opencv.with_alpha(self.bring(color))
        if has_alpha:
            brought[..., 3] = self.bring(picture[..., 3])
        missing = self.missing()
        if missing.any():
            filled = fill_unknown(unit(opencv.without_alpha(brought)), 1 - unit(missing))
            made = opencv.with_alpha(quantized(filled, picture))
            made[..., 3] = brought[..., 3]
            brought = opencv.copied(made, missing, onto=brought)
        return brought

    def missing(self) -> Mask:
        """255 where the target shows nothing of the source; its whole size."""
        mask = np.full((self.target.height, self.target.width), 255, np.uint8)
        mask[self.placed.y : self.placed.bottom, self.placed.x : self.placed.right] = 0
        return mask


def frame_of(request: Regenerate) -> Frame:
    """How what a request sent is brought to the size of its result."""
    source = request.context.size
    return Frame.of(source, request.target or source, request.resize)


def covering(layer: Layer, picture: Picture) -> Layer:
    """The layer put into the picture: one that covers all of it and replaces it."""
    rect = layer.rect
    area = np.s_[rect.y : rect.bottom, rect.x : rect.right]
    whole = picture.copy()
    whole[area] = _mixed(picture[area], layer.pixels, layer.mask)
    return Layer(
        Rect.of(Size(picture.shape[1], picture.shape[0])),
        whole,
        np.full(picture.shape[:2], 255, np.uint8),
    )


def _centred(size: Size, factor: float, within: Size) -> Rect:
    """A rectangle of that size times a factor in the middle of another one."""
    width = min(within.width, max(1, round(size.width * factor)))
    height = min(within.height, max(1, round(size.height * factor)))
    return Rect((within.width - width) // 2, (within.height - height) // 2, width, height)


def _mixed(below: Picture, above: Picture, mask: Mask) -> Samples:
    """One picture shown through a mask over another; exact where the mask is 0 or 255."""
    share = unit(mask)[..., None]
    under, over = unit(below), unit(above)
    alpha = under[..., 3:] * (1 - share) + over[..., 3:] * share
    color = under[..., :3] * under[..., 3:] * (1 - share) + over[..., :3] * over[..., 3:] * share
    color = np.divide(color, alpha, out=np.zeros_like(color), where=alpha > 0)
    mixed = quantized(np.dstack([color, alpha]), below)
    partly = ((mask > 0) & (mask < 255)).astype(np.uint8)
    return opencv.copied(mixed, partly, onto=opencv.copied(above, mask, onto=below))
