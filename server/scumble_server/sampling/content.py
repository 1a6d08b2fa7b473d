"""Latent noise and latent nothing: what a model finds under the mask instead of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from scumble_protocol.checks import MAX_SEED
from scumble_protocol.choices import MaskedContent
from scumble_server.sampling.noise import Noise

if TYPE_CHECKING:
    from collections.abc import Callable

FORGOTTEN_FROM = 0.75
"""From this local strength on the picture is forgotten, fully at local strength 1. A model has not
the steps to make something of noise where the mask is darker."""

SEED_OFFSET = 0x5851F42D4C957F2D
"""From a variation's seed to that of its content, which must not be the noise added to it."""


def latent_content(
    content: MaskedContent,
    original: torch.Tensor,
    mask: torch.Tensor,
    seeds: tuple[int, ...],
    draw: Callable[[tuple[int, ...]], Noise],
) -> torch.Tensor:
    """The latents that a run begins with, before noise is added to them.

    Args:
        content: What is found under the mask; all but `NOISE` and `NOTHING` is in the picture.
        original: Latents of the picture, (1, channels, height, width).
        mask: Local strength in 0..1, (1, 1, height, width) of the latents.
        seeds: Of each variation.
        draw: Makes noise of the latents' shape from seeds.

    Returns:
        (1 or count, channels, height, width).
    """
    if content not in {MaskedContent.NOISE, MaskedContent.NOTHING}:
        return original
    forgotten = ((mask - FORGOTTEN_FROM) / (1 - FORGOTTEN_FROM)).clamp(0, 1)
    kept = original * (1 - forgotten)
    if content is MaskedContent.NOTHING:
        return kept
    others = tuple((seed + SEED_OFFSET) % (MAX_SEED + 1) for seed in seeds)
    return kept + forgotten * draw(others).draw()
