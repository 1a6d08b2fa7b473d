"""Trains the autoencoder: pictures to latents of an eighth of their side, and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from . import checkpoint
from .checkpoint import Pace, Place, learning_rate, set_learning_rate
from .device import mixed_precision
from .settings import VaeSettings

PATCH = 8
"""Pixels of a latent's side: three halvings."""

CHANNELS = 4
"""Channels of a latent."""

LATENT_LIMIT = 2.7
"""Latents beyond this cost extra: AutoencoderTiny's decoder squashes softly and tops out at 3."""

WARM_UP = 0.12
"""Part of the stage in which the encoder follows the patches' principal components."""

DECODER_ONLY = 0.7
"""From this part on the encoder is frozen, so that the decoder learns its final latents."""

CHECKPOINT_SECONDS = 60.0

LATENT_NOISE = 0.05
"""Standard deviation of the noise that the decoder must forgive."""


@dataclass(frozen=True)
class Components:
    """The strongest principal components of the patches, scaled to unit variance."""

    kernel: Tensor
    """CHANNELS x 3 x PATCH x PATCH, for a convolution with stride PATCH."""
    bias: Tensor

    def latents(self, pictures: Tensor) -> Tensor:
        """Projects batch x 3 x height x width pictures from -1 to 1."""
        kernel, bias = self.kernel.to(pictures.device), self.bias.to(pictures.device)
        return functional.conv2d(pictures, kernel, bias, stride=PATCH)


def make(settings: VaeSettings) -> AutoencoderTiny:
    """Builds an untrained autoencoder."""
    widths = (settings.width,) * 4
    blocks = settings.blocks
    return AutoencoderTiny(
        encoder_block_out_channels=widths,
        decoder_block_out_channels=widths,
        num_encoder_blocks=(1, blocks, blocks, blocks),
        num_decoder_blocks=(blocks, blocks, blocks, 1),
        latent_channels=CHANNELS,
    )


def to_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """Turns batch x height x width x 3 levels into batch x 3 x height x width from -1 to 1."""
    # The copy is for arrays that may not be written to, which PyTorch warns of.
    tensor = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return tensor.contiguous(memory_format=torch.channels_last)


def to_pixels(tensor: Tensor) -> NDArray[np.uint8]:
    """Turns batch x 3 x height x width from -1 to 1 into levels."""
    levels = ((tensor.clamp(-1, 1) + 1) * 127.5).round().byte()
    pixels: NDArray[np.uint8] = levels.permute(0, 2, 3, 1).cpu().numpy()
    return pixels


def decibels(one: Tensor, other: Tensor) -> float:
    """Peak signal-to-noise ratio of two batches from -1 to 1, the mean over pictures."""
    error = ((one.clamp(-1, 1) - other) / 2).square().mean((1, 2, 3))
    return float((-10 * torch.log10(error)).mean())


def components(pictures: NDArray[np.uint8]) -> Components:
    """Finds the strongest components of all patches of the pictures."""
    patches = functional.unfold(to_tensor(pictures).contiguous(), PATCH, stride=PATCH)
    rows = patches.permute(0, 2, 1).reshape(-1, 3 * PATCH * PATCH)
    mean = rows.mean(0)
    covariance = (rows - mean).T @ (rows - mean) / len(rows)
    values, vectors = torch.linalg.eigh(covariance)
    strongest = vectors.flip(1)[:, :CHANNELS] / values.flip(0)[:CHANNELS].sqrt()
    return Components(strongest.T.reshape(CHANNELS, 3, PATCH, PATCH), -(strongest.T @ mean))


def photographs(folder: Path) -> dict[str, NDArray[np.uint8]]:
    """Reads the photographs of a folder, if there is one: height x width x 3 by their names."""
    pictures = {}
    for path in sorted(folder.glob("*.*")) if folder.is_dir() else []:
        with Image.open(path) as picture:
            pictures[path.stem] = np.asarray(picture.convert("RGB"))
    return pictures


class Crops:
    """Draws batches of crops from pictures and photographs, varied in size and colour."""

    def __init__(
        self, pictures: NDArray[np.uint8], photos: list[NDArray[np.uint8]], settings: VaeSettings
    ) -> None:
        self.pictures = pictures
        self.photos = photos
        self.settings = settings

    def batch(self, rng: np.random.Generator) -> Tensor:
        """Returns batch x 3 x crop x crop pictures from -1 to 1."""
        side = self.settings.crop
        tensor = to_tensor(np.stack([self._crop(rng, side) for _ in range(self.settings.batch)]))
        if rng.random() < 0.2:
            tensor = tensor[:, torch.from_numpy(rng.permutation(3))]
        if rng.random() < 0.25:
            gain = torch.from_numpy(rng.uniform(0.6, 1.1, (len(tensor), 1, 1, 1))).float()
            lift = torch.from_numpy(rng.uniform(-0.2, 0.2, (len(tensor), 3, 1, 1))).float()
            tensor = (tensor * gain + lift).clamp(-1, 1)
        return tensor.contiguous(memory_format=torch.channels_last)

    def _crop(self, rng: np.random.Generator, side: int) -> NDArray[np.uint8]:
        if self.photos and rng.random() < self.settings.photos:
            source = self.photos[int(rng.integers(len(self.photos)))]
        else:
            source = self.pictures[int(rng.integers(len(self.pictures)))]
        shortest = min(source.shape[:2])
        cut = min(shortest, int(side * (1, 1, 1.5, 2, 3)[int(rng.integers(5))]))
        top = int(rng.integers(source.shape[0] - cut + 1))
        left = int(rng.integers(source.shape[1] - cut + 1))
        crop = source[top : top + cut, left : left + cut]
        if cut != side:
            picture = Image.fromarray(crop).resize((side, side), Image.Resampling.BOX)
            crop = np.asarray(picture)
        return crop[:, ::-1] if rng.random() < 0.5 else crop


def reconstruction_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute, square and gradient error, the first and last at three scales."""
    error = made - wanted
    loss = error.abs().mean() + error.square().mean() + 0.5 * gradients(error)
    for weight in (0.25, 0.0):
        error = functional.avg_pool2d(error, 2)
        loss = loss + 0.5 * error.abs().mean() + weight * gradients(error)
    return loss


def train(
    crops: Crops, held_out: NDArray[np.uint8], pace: Pace, place: Place, device: torch.device
) -> AutoencoderTiny:
    """Trains or goes on training; returns the autoencoder with its scaling factor set.

    A finished autoencoder stays as it is, whatever the budget: latents have been made with it.
    """
    torch.manual_seed(1)
    model = make(crops.settings).to(device, memory_format=torch.channels_last)
    kept = checkpoint.load(place.path)
    if kept:
        model.load_state_dict(kept["model"])
    if not (kept and kept["finished"]):
        _go_on(model, crops, held_out, pace, place)
    model.register_to_config(scaling_factor=scaling_factor(model, held_out))
    return model.eval().requires_grad_(requires_grad=False)


def _go_on(
    model: AutoencoderTiny,
    crops: Crops,
    held_out: NDArray[np.uint8],
    pace: Pace,
    place: Place,
) -> None:
    settings = crops.settings
    optimizer = torch.optim.AdamW(
        model.parameters(), settings.rate, betas=(0.9, 0.99), weight_decay=1e-4
    )
    kept = checkpoint.load(place.path)
    if kept:
        optimizer.load_state_dict(kept["optimizer"])
        pace.restore(kept["pace"])
    principal = components(crops.pictures[:1500])
    due = pace.spent + CHECKPOINT_SECONDS
    pace.start()
    while (fraction := pace.fraction) < 1:
        rate = learning_rate(settings.rate, pace.done, fraction, warm_steps=100, flat=0.2)
        set_learning_rate(optimizer, rate)
        batch = crops.batch(np.random.default_rng([2, pace.done])).to(model.device)
        loss = _loss(model, batch, principal, pace)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        pace.tick()
        if pace.spent > due or pace.fraction >= 1:
            due = pace.spent + CHECKPOINT_SECONDS
            state = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "pace": pace.state(),
                "finished": pace.fraction >= 1,
            }
            checkpoint.save(place.path, state)
            model.register_to_config(scaling_factor=scaling_factor(model, held_out))
            place.report(f"vae step {pace.done} {quality(model, held_out):.2f} dB")


@torch.no_grad()
def encode(model: AutoencoderTiny, pixels: NDArray[np.uint8]) -> Tensor:
    """Encodes levels to latents scaled to unit root mean square.

    Batches stay small: one of four is in the cache of a core, and faster than one of 64.
    """
    parts = [
        model.encode(to_tensor(pixels[start : start + 4]).to(model.device)).latents
        for start in range(0, len(pixels), 4)
    ]
    scale = float(model.config.scaling_factor)
    return torch.cat(parts) * scale


@torch.no_grad()
def decode(model: AutoencoderTiny, latents: Tensor) -> Tensor:
    """Decodes scaled latents to pictures from -1 to 1."""
    scale = float(model.config.scaling_factor)
    parts = [
        model.decode(latents[start : start + 4].to(model.device) / scale).sample
        for start in range(0, len(latents), 4)
    ]
    return torch.cat(parts).clamp(-1, 1)


def quality(model: AutoencoderTiny, pixels: NDArray[np.uint8]) -> float:
    """Decibels of the pictures after going through the autoencoder."""
    return decibels(decode(model, encode(model, pixels)).cpu(), to_tensor(pixels))


def scaling_factor(model: AutoencoderTiny, pixels: NDArray[np.uint8]) -> float:
    """The factor that brings the pictures' latents to unit root mean square."""
    model.register_to_config(scaling_factor=1.0)
    return float(1 / encode(model, pixels).square().mean().sqrt())


def _loss(model: AutoencoderTiny, pictures: Tensor, principal: Components, pace: Pace) -> Tensor:
    if pace.fraction < WARM_UP:
        return _warm_up_loss(model, pictures, principal)
    decoder_only = pace.fraction >= DECODER_ONLY
    with mixed_precision(pictures.device):
        with torch.set_grad_enabled(not decoder_only):
            latents: Tensor = model.encode(pictures).latents.float()
        made: Tensor = model.decode(_noisy(latents)).sample.float()
        # Latents that stay pictures when they are averaged are easier to denoise.
        halved = not decoder_only and pace.done % 4 == 0
        coarse = model.decode(functional.avg_pool2d(latents, 2)).sample.float() if halved else None
    loss = reconstruction_loss(made, pictures)
    if decoder_only:
        return loss
    centred = latents.mean((0, 2, 3)).square().mean()
    spread = (latents.std((0, 2, 3)) - 1).square().mean()
    beyond = (latents.abs() - LATENT_LIMIT).clamp(min=0).square().mean()
    loss = loss + 0.02 * (centred + spread) + 0.5 * beyond
    if coarse is not None:
        loss = loss + 0.5 * reconstruction_loss(coarse, functional.avg_pool2d(pictures, 2))
    return loss


def _warm_up_loss(model: AutoencoderTiny, pictures: Tensor, principal: Components) -> Tensor:
    """Teaches the encoder the principal components, and the decoder what they mean.

    Both kinds of autoencoder that were tried collapsed to grey without this start.
    """
    wanted = principal.latents(pictures)
    with mixed_precision(pictures.device):
        latents: Tensor = model.encode(pictures).latents.float()
        made: Tensor = model.decode(_noisy(wanted)).sample.float()
    return (latents - wanted).square().mean() + reconstruction_loss(made, pictures)


def _noisy(latents: Tensor) -> Tensor:
    return latents + LATENT_NOISE * torch.randn_like(latents)


def gradients(error: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, across and down."""
    across = (error[..., 1:] - error[..., :-1]).abs().mean()
    down = (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    return across + down
