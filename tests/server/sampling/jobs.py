"""Crops and requests for tests of the sampling loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.choices import Sampler
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from scumble_server.pixels.crop import Crop
from scumble_server.sampling.loop import sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scumble_server.models.diffusion import DiffusionModel
    from scumble_server.work.report import Reporter

SIDE = 64


def make_request(**changes: object) -> Regenerate:
    """A request for a canvas of 64 px; only what the loop reads matters."""
    size = Size(SIDE, SIDE)
    values: dict[str, object] = {
        "model": "tiny",
        "prompt": "a red apple",
        "negative": "blurry",
        "strength": 0.6,
        "sampler": Sampler.EULER,
        "steps": 6,
        "cfg": 5.0,
        "seed": 0,
        "count": 1,
        "grow": 0,
        "feather": 0,
        "match_color": False,
        "canvas": size,
        "context": Rect.of(size),
        "image": ImageRef("0" * 32, size, PixelFormat.RGBA8),
        "mask": ImageRef("1" * 32, size, PixelFormat.GRAY8),
    }
    return Regenerate(**(values | changes))  # type: ignore[arg-type]  # names and types are above


def make_crop(mask: NDArray[np.float32] | None = None, side: int = SIDE) -> Crop:
    """A picture of smooth colours with noise, and its mask (white if none is given)."""
    random = np.random.default_rng(3)
    across = np.linspace(0, 1, side, dtype=np.float32)
    picture = np.stack(np.broadcast_arrays(across, across[:, None], 1 - across), axis=2)
    picture = np.clip(picture + random.normal(0, 0.05, picture.shape), 0, 1).astype(np.float32)
    denoise = np.ones((side, side), np.float32) if mask is None else mask
    size = Size(side, side)
    return Crop(
        context=Rect.of(size),
        content=size,
        working=size,
        image=picture,
        denoise=denoise,
        local=(denoise * 255).astype(np.uint8),
        blend=(denoise > 0).astype(np.uint8) * 255,
        original=np.zeros((side, side, 4), np.uint8),
    )


def half_mask(side: int = SIDE) -> NDArray[np.float32]:
    """A mask that selects a rectangle on the latents' grid."""
    mask = np.zeros((side, side), np.float32)
    mask[16:48, 8:40] = 1
    return mask


def sample_one(
    crop: Crop, model: DiffusionModel, request: Regenerate, seed: int, report: Reporter
) -> NDArray[np.float32]:
    """One variation alone."""
    (image,) = sample(crop, model, request, (seed,), report)
    return image
