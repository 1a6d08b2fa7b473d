"""What a preview costs on a GPU: by the linear map, and by a tiny VAE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import diffusers
import torch

from scumble_cli.benchmarks.figure import Finding, in_turns, seconds
from scumble_cli.benchmarks.gpu_scale import on_gpu
from scumble_server.models.preview import draw_preview
from scumble_server.models.tiny_decoder import TinyDecoder

if TYPE_CHECKING:
    from scumble_cli.benchmarks.gpu_scale import Scale

LATENT = 8
"""Pixels of a latent's side."""

CHANNELS = 4


@on_gpu("previews on a GPU")
def preview(rounds: int, scale: Scale) -> list[Finding]:
    """A preview of latents of 1024², up to its bytes in the machine's memory."""
    side = scale.side(1024) // LATENT
    torch.manual_seed(0)
    with scale.device:
        latents = torch.randn(1, CHANNELS, side, side)
        colours = torch.randn(CHANNELS + 1, 3)
        # Its defaults are those of the published ones.
        tiny = diffusers.AutoencoderTiny().to(scale.careful_type).requires_grad_(False)
    decoder = TinyDecoder(tiny.eval(), 1.0)

    def mapped(_: int) -> float:
        return seconds(lambda: draw_preview(latents, colours))

    def decoded(_: int) -> float:
        return seconds(lambda: decoder(latents))

    with torch.inference_mode():
        mapped(0)
        decoded(0)
        by_map, by_decoder = in_turns(rounds, mapped, decoded)
    return [
        by_map.figure("preview of 1024² by the linear map", "ms", times=1000),
        by_decoder.figure("preview of 1024² by a tiny VAE (random weights)", "ms", times=1000),
    ]
