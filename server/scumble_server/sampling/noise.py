"""Noise from a seed: drawn on the CPU, so that a seed means the same picture on every device."""

from __future__ import annotations

import torch
from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler


class Noise:
    """What a run draws its noise from.

    Args:
        seed: 0 to 2**63 - 1.
        shape: Of a sample.
        device: Where samples are.
    """

    def __init__(self, seed: int, shape: torch.Size, device: torch.device) -> None:
        self.seed = seed
        self.shape = shape
        self.device = device
        self.generator = torch.Generator("cpu").manual_seed(seed)

    def draw(self) -> torch.Tensor:
        """Standard normal noise of a sample's shape, float32, on the device."""
        return torch.randn(self.shape, generator=self.generator).to(self.device)


class SeededBrownian:
    """The noise of a stochastic solver that takes steps in two halves.

    Both halves have to see the same Brownian path, so it is drawn as one (torchsde does that).

    Args:
        sigmas: The noise levels of the schedule, falling, the last one may be 0.
        noise: Gives seed, shape and device.
    """

    def __init__(self, sigmas: torch.Tensor, noise: Noise) -> None:
        # A logarithm there and back may step over the path's ends by a rounding error.
        low, high = float(sigmas[sigmas > 0].min()) * 0.99, float(sigmas.max()) * 1.01
        self._path = BrownianTreeNoiseSampler(torch.zeros(noise.shape), low, high, noise.seed)
        self._device = noise.device

    def __call__(self, sigma: torch.Tensor, sigma_next: torch.Tensor) -> torch.Tensor:
        """Standard normal noise for the way from one noise level to another."""
        return torch.as_tensor(self._path(sigma, sigma_next)).to(self._device)
