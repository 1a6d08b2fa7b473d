"""Pictures and requests to measure with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.blobs import blob_id
from scumble_protocol.choices import Sampler
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate

if TYPE_CHECKING:
    from scumble_protocol.messages import ModelInfo

SIDE = 256
"""The starter's native side, for what is measured with it."""

PROMPT = "a red apple on a wooden table"


def noise(size: Size, seed: int) -> bytes:
    """Opaque RGBA8 pixels like a noisy photograph's: another picture for another seed."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (size.height, size.width, 4), np.uint8)
    pixels[..., 3] = 255
    return pixels.tobytes()


def disc(size: Size) -> bytes:
    """A gray8 mask: a white disc in the middle, half as wide as the picture."""
    rows, columns = np.ogrid[: size.height, : size.width]
    radius = min(size.width, size.height) / 4
    distance = np.hypot(rows - size.height / 2, columns - size.width / 2)
    return np.where(distance < radius, 255, 0).astype(np.uint8).tobytes()


def regeneration(
    side: int, seed: int, *, model: str, strength: float, steps: int = 1, cfg: float = 7.0
) -> tuple[Regenerate, dict[str, bytes]]:
    """A request for a square picture that no other seed shares, and its blobs."""
    size = Size(side, side)
    image, mask = noise(size, seed), disc(size)
    request = Regenerate(
        model=model,
        prompt=PROMPT,
        negative="",
        strength=strength,
        sampler=Sampler.EULER,
        steps=steps,
        cfg=cfg,
        seed=seed,
        count=1,
        grow=4,
        feather=8,
        match_color=True,
        canvas=size,
        context=Rect.of(size),
        image=ImageRef(blob_id(image), size, PixelFormat.RGBA8),
        mask=ImageRef(blob_id(mask), size, PixelFormat.GRAY8),
    )
    return request, {request.image.blob: image, request.mask.blob: mask}


def for_model(model: ModelInfo, seed: int, side: int = SIDE) -> tuple[Regenerate, dict[str, bytes]]:
    """A request to make everything under the mask anew as the model recommends, and its blobs."""
    return regeneration(side, seed, model=model.id, strength=1.0, steps=model.steps, cfg=model.cfg)
