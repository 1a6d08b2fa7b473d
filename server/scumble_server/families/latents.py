"""Between pictures and the latents of each family: the VAE's scale, and how latents lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from scumble_server.families.family import Layout


class Latents:
    """A VAE and the layout of its latents.

    Pictures become *plain* latents, (1, channels, h, w) in the scale of the denoiser, and those
    are packed into what its pipeline keeps. Masks and noise are packed alike, so that everything
    can be blended where it lies.

    Args:
        vae: diffusers' VAE.
        layout: How the pipeline's latents lie.
        scale: Pixels per plain latent, along each side.
        device: Where to calculate.
    """

    def __init__(self, vae: Any, layout: Layout, scale: int, device: torch.device) -> None:
        self.layout = layout
        self.scale = scale
        self.vae = vae
        self._device = device

    def encode(self, image: NDArray[np.float32]) -> torch.Tensor:
        """Plain latents, float32, of an image (h, w, 3) in 0..1.

        The mode of the VAE's distribution is taken, so that they depend on the picture alone.
        """
        pixels = torch.from_numpy(image).permute(2, 0, 1)[None] * 2 - 1
        pixels = pixels.to(self._device, self.vae.dtype)
        if self.layout is Layout.FRAMES:
            return self._normed_by_channel(_mode(self.vae.encode(pixels[:, :, None]))[:, :, 0])
        encoded = self.vae.encode(pixels)
        if self.layout is Layout.NORMED:
            return self._normed_by_batches(_mode(encoded).float())
        if not hasattr(encoded, "latent_dist"):
            # Kandinsky's decoder takes what its encoder gives, whatever factor the config names.
            return torch.as_tensor(encoded.latents.float())
        config = self.vae.config
        shift = getattr(config, "shift_factor", None) or 0.0
        return torch.as_tensor((_mode(encoded).float() - shift) * config.scaling_factor)

    def pack(self, plain: torch.Tensor) -> torch.Tensor:
        """Plain latents as the pipeline keeps them during its loop."""
        if self.layout is Layout.PLAIN:
            return plain
        if self.layout is Layout.NORMED:
            return plain.flatten(2).permute(0, 2, 1)
        return _two_by_two(plain).flatten(2).permute(0, 2, 1)

    def unpack(self, packed: torch.Tensor, height: int, width: int) -> torch.Tensor:
        """The way back, for a picture of so many pixels."""
        if self.layout is Layout.PLAIN:
            return packed
        rows, columns = height // self.scale, width // self.scale
        places = packed.permute(0, 2, 1)
        if self.layout is Layout.NORMED:
            return torch.as_tensor(places.unflatten(2, (rows, columns)))
        return _one_by_one(places.unflatten(2, (rows // 2, columns // 2)))

    def entering(self, plain: torch.Tensor) -> torch.Tensor:
        """Plain latents as the pipeline takes them when it is called."""
        return plain if self.layout is Layout.NORMED else self.pack(plain)

    def _normed_by_channel(self, latents: torch.Tensor) -> torch.Tensor:
        shape = (1, -1, 1, 1)
        mean = torch.tensor(self.vae.config.latents_mean, device=latents.device).view(shape)
        deviation = torch.tensor(self.vae.config.latents_std, device=latents.device).view(shape)
        return torch.as_tensor((latents.float() - mean) / deviation)

    def _normed_by_batches(self, latents: torch.Tensor) -> torch.Tensor:
        norm, device = self.vae.bn, latents.device
        mean = norm.running_mean.to(device, torch.float32).view(1, -1, 1, 1)
        variance = norm.running_var.to(device, torch.float32).view(1, -1, 1, 1)
        deviation = (variance + self.vae.config.batch_norm_eps).sqrt()
        return torch.as_tensor((_two_by_two(latents) - mean) / deviation)


def _mode(encoded: Any) -> torch.Tensor:
    return torch.as_tensor(encoded.latent_dist.mode())


def _two_by_two(latents: torch.Tensor) -> torch.Tensor:
    """Four neighbours as channels of one: row by row, each channel's four together."""
    return torch.nn.functional.pixel_unshuffle(latents, 2)


def _one_by_one(latents: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.pixel_shuffle(latents, 2)
