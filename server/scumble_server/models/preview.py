"""Pictures of unfinished latents, by a linear map to RGB that is fitted to each VAE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CHART_FIELDS = 16
"""The fit uses a chart of so many by so many coloured fields."""

FIELD_LATENTS = 2
"""Side of a field, in latents."""


def color_chart(scale: int) -> NDArray[np.float32]:
    """A square picture (h, w, 3) in 0..1 of fields in random colours, always the same."""
    colors = np.random.default_rng(0).random((CHART_FIELDS, CHART_FIELDS, 3), dtype=np.float32)
    side = FIELD_LATENTS * scale
    return np.ascontiguousarray(colors.repeat(side, axis=0).repeat(side, axis=1))


def fit_preview(encode: Callable[[NDArray[np.float32]], torch.Tensor], scale: int) -> torch.Tensor:
    """The map (channels + 1, 3) from a latent and a constant 1 to RGB in 0..1, by least squares.

    Fitted on the latents of a colour chart and the mean colour of the pixels that each stands for.

    Args:
        encode: Makes latents (1, channels, h / scale, w / scale) of a picture (h, w, 3) in 0..1.
        scale: Pixels per latent, along each side.
    """
    chart = color_chart(scale)
    encoded = encode(chart)
    latents = encoded[0].flatten(1).T.cpu()
    pixels = torch.from_numpy(chart).permute(2, 0, 1)
    colors = torch.nn.functional.avg_pool2d(pixels, scale).flatten(1).T
    ones = torch.ones(len(latents), 1)
    # On the CPU and by the singular values: it also answers when latents depend on each other.
    fit = torch.linalg.lstsq(torch.cat([latents, ones], dim=1), colors, driver="gelsd")
    return torch.as_tensor(fit.solution).to(encoded.device)


def draw_preview(latents: torch.Tensor, rgb: torch.Tensor) -> NDArray[np.uint8]:
    """Latents (1, channels, h, w) as straight-alpha RGBA (h, w, 4), one pixel a latent."""
    colors = torch.einsum("chw,cr->hwr", latents[0], rgb[:-1]) + rgb[-1]
    opaque = torch.ones_like(colors[..., :1])
    pixels = (torch.cat([colors, opaque], dim=2).clamp(0, 1) * 255).round().to(torch.uint8)
    return np.ascontiguousarray(pixels.cpu().numpy())
