"""Prompts that hold in parts of the picture: predictions, blended where their regions are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from scumble_server.pixels.opencv import Floats


def latent_region(mask: Floats, scale: int, device: torch.device) -> torch.Tensor:
    """A region (h, w), 0 to 1, at latent size: (1, 1, h / scale, w / scale).

    A latent's share is the mean of its pixels', so that regions side by side add up to 1.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(mask))[None, None].to(device, torch.float32)
    return functional.avg_pool2d(pixels, kernel_size=scale)


def blended(
    base: torch.Tensor, predictions: Sequence[torch.Tensor], masks: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Predictions laid over the base, from bottom to top; grey shares with what is below.

    Args:
        base: The prediction (n, channels, h, w) for the prompt that holds where no region is.
        predictions: Those of the regions.
        masks: Where they hold, as `latent_region` gives them.
    """
    for predicted, mask in zip(predictions, masks, strict=True):
        base = torch.lerp(base, predicted, mask)
    return base
