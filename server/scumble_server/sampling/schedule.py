"""Which noise levels to walk through, and how: diffusers' schedulers as painters know them."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import diffusers
import torch

from scumble_protocol.choices import Sampler, Schedule
from scumble_server.sampling.noise import Noise, SeededBrownian

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEDULES: dict[Schedule, dict[str, Any]] = {
    Schedule.AUTOMATIC: {},
    Schedule.KARRAS: {"use_karras_sigmas": True},
}
DPMPP_2M = {"algorithm_type": "dpmsolver++", "solver_order": 2}


@dataclass(frozen=True)
class Recipe:
    """diffusers' class for a sampler.

    Args:
        scheduler: The name of the class.
        normalized: Whether its samples keep a variance of 1 (signal² + noise² = 1); in the others
            the picture always has its full strength.
        changes: What the sampler changes in the model's own scheduler config.
    """

    scheduler: str
    normalized: bool
    changes: Mapping[str, Any] = field(default_factory=dict)


RECIPES = {
    Sampler.EULER: Recipe("EulerDiscreteScheduler", normalized=False),
    Sampler.EULER_A: Recipe("EulerAncestralDiscreteScheduler", normalized=False),
    Sampler.DPMPP_2M: Recipe("DPMSolverMultistepScheduler", normalized=True, changes=DPMPP_2M),
    Sampler.DPMPP_SDE: Recipe("DPMSolverSDEScheduler", normalized=False),
    Sampler.DDIM: Recipe("DDIMScheduler", normalized=True),
    Sampler.UNIPC: Recipe("UniPCMultistepScheduler", normalized=True),
    Sampler.LCM: Recipe("LCMScheduler", normalized=True),
    Sampler.HEUN: Recipe("HeunDiscreteScheduler", normalized=False),
}

EVERY = {"clip_sample": False, "thresholding": False, "use_karras_sigmas": False}
"""Latents are no pictures, nothing holds them in -1..1: no scheduler may clip them. And a sampler
is what its name says, whatever the model's config prefers."""

LCM_STEPS = 50
"""Steps of the schedule that LCM thins out, unless more are asked for."""


@dataclass(frozen=True)
class Level:
    """How much of the picture and of the noise (of variance 1) a sample holds."""

    signal: float
    noise: float


@dataclass(frozen=True)
class Course:
    """The evaluations of one run, numbered from 0. Evaluation `i` takes a sample of level `i` on.

    Samples are float32 in the scheduler's own scale. All tables stay on the CPU, so that no step
    waits for the device.

    Args:
        scheduler: diffusers' scheduler, set to the first evaluation.
        timesteps: The timestep of each evaluation, on the CPU.
        levels: The level before each evaluation, and after the last: the picture without noise.
        steps: The steps that a painter speaks of; Heun and SDE evaluate twice in each but the last.
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


def make_schedule(
    sampler: Sampler,
    spacing: Schedule,
    config: Mapping[str, Any],
    *,
    steps: int,
    strength: float,
    noise: Noise,
) -> Course:
    """The schedule of a run.

    Args:
        sampler: The sampler.
        spacing: Its schedule.
        config: The config of the model's own scheduler: its noise levels and what it predicts.
        steps: Steps of the full schedule, at least 1.
        strength: Which part of them is run, above 0 up to 1: the last `int(steps * strength)`, as
            in diffusers' img2img, but at least one.
        noise: Where stochastic samplers draw from.
    """
    recipe = RECIPES[sampler]
    own = dict(config) | EVERY | dict(recipe.changes) | SCHEDULES[spacing]
    own["original_inference_steps"] = max(LCM_STEPS, steps)
    scheduler = getattr(diffusers, recipe.scheduler).from_config(own)
    scheduler.set_timesteps(steps, device="cpu")
    run = max(1, min(int(steps * strength), steps))
    begin = (steps - run) * scheduler.order
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin)
    if hasattr(scheduler, "noise_sampler"):
        scheduler.noise_sampler = SeededBrownian(scheduler.sigmas, noise)
    stochastic = "generator" in inspect.signature(scheduler.step).parameters
    return Course(
        scheduler=scheduler,
        timesteps=scheduler.timesteps[begin:],
        levels=_levels(scheduler, begin, normalized=recipe.normalized),
        steps=run,
        prediction=str(scheduler.config.prediction_type),
        options={"generator": noise.generators} if stochastic else {},
    )


def _levels(scheduler: Any, begin: int, *, normalized: bool) -> tuple[Level, ...]:
    """The levels from the evaluation `begin` on; the last one is the finished picture."""
    ratios = _noise_to_signal(scheduler)[begin:]
    levels = [
        Level(1 / math.hypot(1, ratio), ratio / math.hypot(1, ratio))
        if normalized
        else Level(1.0, ratio)
        for ratio in ratios
    ]
    return (*levels, Level(1.0, 0.0))


def _noise_to_signal(scheduler: Any) -> list[float]:
    """The ratio of noise to signal before each evaluation of the full schedule."""
    if not hasattr(scheduler, "sigmas"):
        kept = scheduler.alphas_cumprod[scheduler.timesteps.long()].double()
        return [float(ratio) for ratio in ((1 - kept) / kept).sqrt()]
    sigmas = [float(sigma) for sigma in scheduler.sigmas[: len(scheduler.timesteps)]]
    if hasattr(scheduler, "noise_sampler"):
        # Between two levels this one stops half-way in log space, where its table has the second.
        for middle in range(1, len(sigmas), 2):
            sigmas[middle] = math.sqrt(sigmas[middle - 1] * sigmas[middle])
    return sigmas
