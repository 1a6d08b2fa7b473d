"""Requests, models' needs and selections for the tests of preparing and composing."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from scumble_protocol.choices import MaskedContent, Sampler, Schedule
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from scumble_server.pixels.opencv import Mask
from scumble_server.spec import ModelSpec

SPEC = ModelSpec(
    family="sd1",
    native_side=512,
    min_side=256,
    max_side=1024,
    max_pixels=768 * 768,
    multiple=64,
    latent_channels=4,
    latent_scale=8,
    unet_channels=4,
    prediction="epsilon",
    bytes=0,
    steps=20,
    cfg=7.0,
    sampler=Sampler.EULER,
    schedule=Schedule.AUTOMATIC,
)

SMALL = replace(SPEC, native_side=64, min_side=32, max_side=256, max_pixels=128 * 128, multiple=8)
"""So small that hypothesis can do many."""


def request_for(
    context: Rect,
    *,
    canvas: Size | None = None,
    strength: float = 0.7,
    grow: int = 0,
    feather: int = 0,
    match_color: bool = False,
    content: MaskedContent = MaskedContent.ORIGINAL,
) -> Regenerate:
    """A request whose pictures are known by their size alone."""
    return Regenerate(
        model="starter",
        prompt="",
        negative="",
        strength=strength,
        sampler=Sampler.EULER,
        steps=10,
        cfg=1.0,
        seed=1,
        count=1,
        grow=grow,
        feather=feather,
        match_color=match_color,
        canvas=canvas or Size(context.right, context.bottom),
        context=context,
        image=ImageRef("0" * 32, context.size, PixelFormat.RGBA8),
        mask=ImageRef("1" * 32, context.size, PixelFormat.GRAY8),
        content=content,
    )


def ellipse(size: Size, share: float = 0.5) -> Mask:
    """A hard selection with smoothed edges in the middle, as editors make it."""
    mask = np.zeros((size.height, size.width), np.uint8)
    center = (size.width // 2, size.height // 2)
    axes = (max(1, int(size.width * share / 2)), max(1, int(size.height * share / 2)))
    cv2.ellipse(mask, center, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    return mask
