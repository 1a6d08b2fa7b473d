"""Goes on training the autoencoder's decoder alone, so that latents keep their meaning."""

from __future__ import annotations

import numpy as np
import torch
from diffusers import AutoencoderTiny
from numpy.typing import NDArray
from torch import Tensor

from . import checkpoint, vae
from .checkpoint import Pace, Place, learning_rate, set_learning_rate
from .device import mixed_precision
from .vae import Crops

SQUARES = 8.0
"""Weight of the squared error beside the other losses: what decibels are counted by."""

LATENT_NOISE = 0.02
"""Standard deviation of the noise that the decoder must still forgive; a denoiser is not exact."""

CHECKPOINT_SECONDS = 90.0


def train(
    model: AutoencoderTiny,
    crops: Crops,
    held_out: NDArray[np.uint8],
    pace: Pace,
    place: Place,
) -> AutoencoderTiny:
    """Trains or goes on training the decoder; with no time left it only reads what is done.

    Args:
        model: A finished autoencoder, whose encoder stays as it is.
        crops: What to learn from.
        held_out: Pictures that tell how it goes.
        pace: How long.
        place: The checkpoint.
    """
    decoder, settings = model.decoder.requires_grad_(requires_grad=True), crops.settings
    kept = checkpoint.load(place.path)
    optimizer = torch.optim.AdamW(decoder.parameters(), settings.rate, betas=(0.9, 0.99))
    if kept:
        decoder.load_state_dict(kept["decoder"])
        optimizer.load_state_dict(kept["optimizer"])
        pace.restore(kept["pace"])
    due = pace.spent + CHECKPOINT_SECONDS
    pace.start()
    while (fraction := pace.fraction) < 1:
        rate = learning_rate(settings.rate, pace.done, fraction, warm_steps=50, flat=0.3)
        set_learning_rate(optimizer, rate)
        loss = _loss(model, crops.batch(np.random.default_rng([41, pace.done])))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimizer.step()
        pace.tick()
        if pace.spent > due or pace.fraction >= 1:
            due = pace.spent + CHECKPOINT_SECONDS
            state = {
                "decoder": decoder.state_dict(),
                "optimizer": optimizer.state_dict(),
                "pace": pace.state(),
            }
            checkpoint.save(place.path, state)
            place.report(f"decoder step {pace.done} {vae.quality(model, held_out):.2f} dB")
    return model.eval().requires_grad_(requires_grad=False)


def _loss(model: AutoencoderTiny, pictures: Tensor) -> Tensor:
    pictures = pictures.to(model.device)
    with mixed_precision(pictures.device):
        with torch.no_grad():
            latents = model.encode(pictures).latents.float()
        latents = latents + LATENT_NOISE * torch.randn_like(latents)
        made = model.decode(latents).sample.float()
    squares = (made - pictures).square().mean()
    loss: Tensor = vae.reconstruction_loss(made, pictures) + SQUARES * squares
    return loss
