"""The way of a run from noise to a picture: its noise levels, and the steps between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Level:
    """How much of the picture and of the noise (of variance 1) a sample holds."""

    signal: float
    noise: float


@dataclass(frozen=True)
class Trajectory:
    """The evaluations of one run, numbered from 0. Evaluation `i` takes a sample of level `i` on.

    Samples are float32 in the scheduler's own scale. All tables stay on the CPU, so that no step
    waits for the device.

    Args:
        scheduler: diffusers' scheduler, set to the first evaluation.
        timesteps: The timestep of each evaluation, on the CPU.
        levels: The level before each evaluation, and after the last: the picture without noise.
        steps: The steps that a painter speaks of; some samplers evaluate twice in each but the
            last.
        prediction: What the model predicts: `epsilon`, `v_prediction` or `sample`.
        options: What the scheduler's `step` takes beside the tensors.
    """

    scheduler: Any
    timesteps: torch.Tensor
    levels: tuple[Level, ...]
    steps: int
    prediction: str
    options: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.timesteps)

    def steps_done(self, evaluations: int) -> int:
        """The whole steps that so many evaluations make."""
        if evaluations == len(self):
            return self.steps
        return evaluations // int(self.scheduler.order)

    def pure(self, noise: torch.Tensor) -> torch.Tensor:
        """The first sample where nothing of the picture is kept."""
        return noise * float(self.scheduler.init_noise_sigma)

    def noised(self, original: torch.Tensor, noise: torch.Tensor, level: int) -> torch.Tensor:
        """The original latents with the noise of a level."""
        at = self.levels[level]
        return at.signal * original + at.noise * noise

    def scaled(self, sample: torch.Tensor, evaluation: int) -> torch.Tensor:
        """What the UNet reads for a sample."""
        scaled = self.scheduler.scale_model_input(sample, self.timesteps[evaluation])
        return torch.as_tensor(scaled)

    def step(self, predicted: torch.Tensor, evaluation: int, sample: torch.Tensor) -> torch.Tensor:
        """The sample of the next level."""
        stepped = self.scheduler.step(
            predicted, self.timesteps[evaluation], sample, return_dict=False, **self.options
        )
        return torch.as_tensor(stepped[0])

    def estimate(
        self, predicted: torch.Tensor, evaluation: int, sample: torch.Tensor
    ) -> torch.Tensor:
        """The finished latents as far as one can tell from one prediction."""
        at = self.levels[evaluation]
        if self.prediction == "sample":
            return predicted
        if self.prediction == "epsilon":
            return (sample - at.noise * predicted) / at.signal
        # Velocity (Salimans & Ho 2022, appendix D) is defined where signal² + noise² = 1.
        power = at.signal**2 + at.noise**2
        return (at.signal * sample) / power - (at.noise / math.sqrt(power)) * predicted
