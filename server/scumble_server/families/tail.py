"""A pipeline's own scheduler, made to run only the last part of its steps.

Pipelines that start from text run all steps, from pure noise. With a scheduler that leaves out the
first ones, and latents that hold the picture with the noise of that level, the same pipeline does
img2img at any strength, whether or not diffusers has one for it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import diffusers
import torch

from scumble_protocol.choices import Sampler, Schedule

SCHEDULERS = {
    Sampler.FLOW_EULER: "FlowMatchEulerDiscreteScheduler",
    Sampler.EULER: "EulerDiscreteScheduler",
    Sampler.DDIM: "DDIMScheduler",
}
"""diffusers' classes of the samplers that families run with."""

SPACINGS: dict[Schedule, dict[str, bool]] = {
    Schedule.KARRAS: {"use_karras_sigmas": True},
    Schedule.EXPONENTIAL: {"use_exponential_sigmas": True},
    Schedule.BETA: {"use_beta_sigmas": True},
}
"""What a schedule sets in a scheduler's config; the others are the config's own."""

LATENTS = {"clip_sample": False, "thresholding": False}
"""Latents are no pictures: nothing holds them in -1..1, and nothing may clip them."""


@dataclass(frozen=True)
class Levels:
    """How much of the picture and of the noise (of variance 1) a sample holds, step by step.

    Args:
        signals: The picture's share before each step, and after the last.
        noises: The noise's share, likewise.
        pure: The noise's share where nothing of the picture is kept at the first step.
    """

    signals: Sequence[float]
    noises: Sequence[float]
    pure: float

    def __len__(self) -> int:
        """The number of steps."""
        return len(self.signals) - 1

    def noised(self, original: torch.Tensor, noise: torch.Tensor, level: int) -> torch.Tensor:
        """The original latents with the noise of a level."""
        return self.signals[level] * original + self.noises[level] * noise


class LevelsKnown(Exception):  # noqa: N818  it ends a run that only asked
    """A pipeline told its scheduler what it will run, which was all that was asked."""


def make_tail(config: Mapping[str, Any], sampler: Sampler, schedule: Schedule, run: int) -> Any:
    """A scheduler that runs only the last `run` of its steps.

    Beside what its class has, it has `levels` once the pipeline has set its timesteps, `estimate`
    after each step (the finished latents as far as one can tell), and `asks_only`: whether to raise
    `LevelsKnown` as soon as the levels are known.

    Args:
        config: Of the pipeline's own scheduler.
        sampler: One of `SCHEDULERS`.
        schedule: One that the family has.
        run: The steps to run, at least 1.
    """
    kind = getattr(diffusers, SCHEDULERS[sampler])
    tail = _tail_of(kind).from_config(dict(config) | LATENTS | SPACINGS.get(schedule, {}))
    tail.run = run
    return tail


def is_flow(scheduler: Any) -> bool:
    """Whether samples go straight from noise to picture, as in a rectified flow."""
    return isinstance(scheduler, diffusers.FlowMatchEulerDiscreteScheduler)


@functools.cache
def _tail_of(base: Any) -> Any:
    class Tail(base):  # type: ignore[misc]
        """See `make_tail`."""

        run = 1
        asks_only = False
        init_noise_sigma = 1.0
        """The latents that are given have their noise already."""

        @functools.wraps(base.set_timesteps)
        def set_timesteps(self, *arguments: Any, **options: Any) -> None:
            super().set_timesteps(*arguments, **options)
            every: torch.Tensor = super().__getattribute__("timesteps")
            self._before = max(len(every) - self.run, 0)
            self.timesteps = every[self._before :]
            self.levels = _levels(self, self._before)
            self.set_begin_index(0)
            if self.asks_only:
                raise LevelsKnown

        def set_begin_index(self, begin_index: int = 0) -> None:
            if hasattr(super(), "set_begin_index"):
                super().set_begin_index(self._before + begin_index)

        def step(
            self, model_output: torch.Tensor, timestep: Any, sample: Any, **options: Any
        ) -> Any:
            if is_flow(self):
                noise = self.sigmas[self._before if self.step_index is None else self.step_index]
                self.estimate = sample.float() - noise * model_output.float()
                return super().step(model_output, timestep, sample, **options)
            as_object = options.pop("return_dict", True)
            stepped = super().step(model_output, timestep, sample, return_dict=True, **options)
            self.estimate = stepped.pred_original_sample.float()
            return stepped if as_object else (stepped.prev_sample,)

    return Tail


def _levels(scheduler: Any, before: int) -> Levels:
    """The levels of the steps from `before` on."""
    if is_flow(scheduler):
        sigmas = [float(sigma) for sigma in scheduler.sigmas[before:]]
        return Levels([1 - sigma for sigma in sigmas], sigmas, 1.0)
    if hasattr(scheduler, "sigmas"):
        sigmas = [float(sigma) for sigma in scheduler.sigmas[before:]]
        return Levels([1.0] * len(sigmas), sigmas, math.hypot(1, sigmas[0]))
    kept = [float(scheduler.alphas_cumprod[int(time)]) for time in scheduler.timesteps] + [1.0]
    return Levels([math.sqrt(share) for share in kept], [math.sqrt(1 - share) for share in kept], 1)
