"""A tiny VAE for previews, where one is at hand and the device is quick enough for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from scumble_protocol.errors import ScumbleError
from scumble_server.control.places import Role
from scumble_server.models.saving import ACCELERATORS

if TYPE_CHECKING:
    from scumble_server.control.networks import Vae
    from scumble_server.control.sources import AdditionSource
    from scumble_server.models.diffusion import DiffusionModel
    from scumble_server.work.means import Means

QUICK = ACCELERATORS
"""Kinds of devices where previews are decoded. By its arithmetic that is a twelfth of an evaluation
of SDXL and a sixth of one of SD 1.5, which on a CPU is seconds."""

TINY = "AutoencoderTiny"


def with_previews(model: DiffusionModel, means: Means) -> DiffusionModel:
    """The model with previews by a tiny VAE that fits it, where there is one among the VAEs.

    What is wrong with such a VAE is said in the notes and spoils no job.
    """
    if model.device.type not in QUICK:
        return model
    source = _fitting(model.spec.base, means)
    if source is None:
        return model
    # Its modules take a second to import.
    from scumble_server.models.tiny_decoder import TinyDecoder

    try:
        vae = cast("Vae", means.shelf.addition(source, means.report))
        vae.check(channels=model.spec.latent_channels, scale=model.spec.latent_scale)
    except ScumbleError as error:
        means.note(f"Previews are coarse, since {source.id} can't be used: {error}")
        return model
    return model.with_previewer(TinyDecoder(vae.module, vae.scaling))


def _fitting(base: str, means: Means) -> AdditionSource | None:
    """The first tiny VAE by name that fits; its config, which it can't do without, tells."""
    tiny = (
        source
        for source in means.shelf.additions.of(Role.VAE)
        if source.files.config.get("_class_name") == TINY and base in source.fits
    )
    return next(tiny, None)
