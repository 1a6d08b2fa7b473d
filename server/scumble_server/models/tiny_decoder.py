"""Previews by a tiny VAE: unfinished latents with their detail, where a linear map has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SIDE = 256
"""Of a preview in pixels: as much as is shown while a large picture is made piece by piece."""


class TinyDecoder:
    """Draws what latents will look like.

    Args:
        module: diffusers' `AutoencoderTiny` on its device.
        scaling: The factor from its own latents to those of the diffusion model.
    """

    def __init__(self, module: Any, scaling: float) -> None:
        self._module = module
        self._scaling = scaling

    def __call__(self, latents: torch.Tensor) -> NDArray[np.uint8]:
        """Straight-alpha RGBA (h, w, 4), at most `MOST_SIDE`, of latents (n, channels, h, w).

        Of several at once the first one is shown.
        """
        kept = next(self._module.parameters())
        read = (latents[:1] / self._scaling).to(kept.device, kept.dtype)
        decoded = self._module.decode(read, return_dict=False)[0].float() / 2 + 0.5
        small = _shrunk(decoded.clamp(0, 1))
        pixels = torch.cat([small, torch.ones_like(small[:, :1])], dim=1)[0]
        levels = (pixels * 255).round().to(torch.uint8).permute(1, 2, 0)
        return np.ascontiguousarray(levels.cpu().numpy())


def _shrunk(picture: torch.Tensor) -> torch.Tensor:
    """A picture (1, 3, h, w) with no side above `MOST_SIDE`."""
    height, width = picture.shape[-2:]
    factor = MOST_SIDE / max(height, width)
    if factor >= 1:
        return picture
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    return torch.nn.functional.interpolate(picture, size, mode="area")
