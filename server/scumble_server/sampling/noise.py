"""Noise from seeds: drawn on the CPU, so that a seed means the same picture on every device."""

from __future__ import annotations

import torch
from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler

from scumble_server.sampling.field import cut_noise


class Noise:
    """What a run draws its noise from: each sample from a generator of its own.

    Args:
        seeds: For each sample one, 0 to 2**63 - 1.
        shape: Of one sample, (1, channels, height, width).
        device: Where samples are.
        corner: Where the samples lie in a larger picture that all of them are pieces of: left and
            top, in latents. They share their noise with pieces that overlap them.
    """

    def __init__(
        self,
        seeds: tuple[int, ...],
        shape: torch.Size,
        device: torch.device,
        corner: tuple[int, int] | None = None,
    ) -> None:
        self.seeds = seeds
        self.shape = shape
        self.device = device
        self.generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        self._corner = corner
        self._draws = 0

    def draw(self) -> torch.Tensor:
        """Standard normal noise (count, channels, height, width), float32, on the device."""
        if self._corner is None:
            drawn = [torch.randn(self.shape, generator=generator) for generator in self.generators]
        else:
            drawn = [cut_noise(seed, self._draws, *self._corner, self.shape) for seed in self.seeds]
        self._draws += 1
        return torch.cat(drawn).to(self.device)


class SeededBrownian:
    """The noise of a stochastic solver that takes steps in two halves.

    Both halves have to see the same Brownian path, so it is drawn as one (torchsde does that), for
    each sample one.

    Args:
        sigmas: The noise levels of the schedule, falling, the last one may be 0.
        noise: Gives seeds, shape and device.
    """

    def __init__(self, sigmas: torch.Tensor, noise: Noise) -> None:
        # A logarithm there and back may step over the path's ends by a rounding error.
        low, high = float(sigmas[sigmas > 0].min()) * 0.99, float(sigmas.max()) * 1.01
        blank = torch.zeros(noise.shape)
        self._paths = [BrownianTreeNoiseSampler(blank, low, high, seed) for seed in noise.seeds]
        self._device = noise.device

    def __call__(self, sigma: torch.Tensor, sigma_next: torch.Tensor) -> torch.Tensor:
        """Standard normal noise for the way from one noise level to another."""
        drawn = [torch.as_tensor(path(sigma, sigma_next)) for path in self._paths]
        return torch.cat(drawn).to(self._device)
