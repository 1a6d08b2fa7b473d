"""From the configs of a family's folder to a `ModelSpec`; needs neither weights nor torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scumble_server.families.family import Layout, Shown
from scumble_server.models.headers import damaged
from scumble_server.models.json_files import read_json
from scumble_server.spec import ModelSpec

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_server.families.family import Family
    from scumble_server.spec import Weights

PATCH = 2
"""Latents that a transformer reads together, along each side."""


def read_family_spec(folder: Path, family: Family, *, weights: Weights) -> ModelSpec:
    """The spec of the model in a folder of that family.

    Raises:
        RequestError: `DAMAGED_MODEL` naming the file at fault.
    """
    index = read_json(folder / "model_index.json")
    denoiser = read_json(folder / family.denoiser / "config.json")
    vae = read_json(folder / family.decoder / "config.json")
    try:
        scale = latent_scale(vae, family.layout)
        multiple, channels = _multiple(family, denoiser, scale), _channels(family, vae)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise damaged(folder / family.decoder / "config.json", f"lacks {error}") from error
    steps, cfg = family.steps, family.cfg
    if family.quick[0] and _is_distilled(index, denoiser):
        steps, cfg = family.quick
    native = family.native_side
    return ModelSpec(
        family=family.id,
        native_side=native,
        min_side=native // 4,
        max_side=native * 2,
        max_pixels=int(native * native * family.pixels),
        multiple=multiple,
        latent_channels=channels,
        latent_scale=scale,
        unet_channels=2 * channels + 1 if family.shown is Shown.HOLE else channels,
        prediction="flow" if family.denoiser == "transformer" else "epsilon",
        bytes=weights.bytes,
        weights=weights,
        decoder_width=decoder_width(vae),
        steps=steps,
        cfg=cfg,
        sampler=family.sampler,
        schedule=family.schedules[0],
        base=family.base,
        abilities=family.abilities,
        samplers=(family.sampler,),
        schedules=family.schedules,
    )


def latent_scale(vae: dict[str, Any], layout: Layout) -> int:
    """Pixels per plain latent, along each side, from a VAE's config."""
    if layout is Layout.FRAMES:
        # It is spelt so in the files.
        halvings = len(vae["temperal_downsample"])
    else:
        halvings = len(vae["block_out_channels"]) - 1
    return int(2 ** (halvings + (layout is Layout.NORMED)))


def decoder_width(vae: dict[str, Any]) -> int:
    """Channels that a VAE's decoder has at full size: those of the level below, enlarged."""
    if "base_dim" in vae:
        return int(vae["base_dim"] * max(vae["dim_mult"][:2]))
    levels = vae.get("decoder_block_out_channels") or vae["block_out_channels"]
    return int(max(levels[:2]))


def _multiple(family: Family, denoiser: dict[str, Any], scale: int) -> int:
    if family.denoiser == "unet":
        return int(scale * 2 ** (len(denoiser["block_out_channels"]) - 1))
    return scale if family.layout is Layout.NORMED else scale * PATCH


def _channels(family: Family, vae: dict[str, Any]) -> int:
    channels = int(vae["z_dim"] if family.layout is Layout.FRAMES else vae["latent_channels"])
    return channels * PATCH**2 if family.layout is Layout.NORMED else channels


def _is_distilled(index: dict[str, Any], denoiser: dict[str, Any]) -> bool:
    """Whether it was taught to need few steps and no guidance."""
    return bool(index.get("is_distilled")) or denoiser.get("guidance_embeds") is False
