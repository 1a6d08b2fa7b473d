"""Latents of a picture that is brought to another size as latents, not as pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_server.pixels.crop import Crop
    from scumble_server.pixels.opencv import Floats


def picture_latents(crop: Crop, encode: Callable[[Floats], torch.Tensor]) -> torch.Tensor:
    """The latents of a crop's picture, (1, channels, height, width).

    If the crop has a picture of before it was resized, they are that one's latents, interpolated.

    Args:
        crop: The crop.
        encode: Makes latents of a working picture (height, width, 3).
    """
    before = crop.latents_from
    if before is None:
        return encode(crop.image)
    latents = encode(before.image)
    scale = before.working.height // latents.shape[-2]

    def reach(side: int) -> int:
        return math.ceil(side / scale)

    shown = latents[..., : reach(before.content.height), : reach(before.content.width)]
    size = reach(crop.content.height), reach(crop.content.width)
    resized = torch.nn.functional.interpolate(shown, size, mode="bilinear")
    right, below = crop.working.width // scale - size[1], crop.working.height // scale - size[0]
    return torch.nn.functional.pad(resized, (0, right, 0, below), mode="replicate")
