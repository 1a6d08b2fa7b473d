"""Which noise levels a run walks through: a sampler and a schedule on diffusers' schedulers."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any

import diffusers
import numpy as np
import torch

from scumble_protocol.choices import Sampler, Schedule
from scumble_server.sampling.noise import Noise, SeededBrownian
from scumble_server.sampling.samplers import RECIPES, Recipe
from scumble_server.sampling.steps import LEVELS, split_steps
from scumble_server.sampling.tables import noise_table, timestep_table
from scumble_server.sampling.third_order import ThirdOrderSde
from scumble_server.sampling.trajectory import Level, Trajectory

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERY = {"clip_sample": False, "thresholding": False, "final_sigmas_type": "zero"}
"""Latents are no pictures, nothing holds them in -1..1: no scheduler may clip them. And a picture
is finished without any noise."""

OWN_TABLE = {
    "use_beta_sigmas": False,
    "use_lu_lambdas": False,
    "timestep_spacing": "linspace",
}
"""What a scheduler's config says when its noise levels are ours; see `_use_table`."""

LCM_STEPS = 50
"""Steps of the schedule that LCM and TCD thin out, unless more are asked for."""


def make_trajectory(
    sampler: Sampler,
    schedule: Schedule,
    config: Mapping[str, Any],
    *,
    steps: int,
    strength: float,
    full_steps: bool = False,
    noise: Noise,
) -> Trajectory:
    """The way of a run.

    Args:
        sampler: One of those that the model has.
        schedule: One of those that the sampler has.
        config: The config of the model's own scheduler: its noise levels and what it predicts.
        steps: Steps as asked for, at least 1.
        strength: Which part of the schedule is run, above 0 up to 1.
        full_steps: Whether all `steps` are run in that part.
        noise: Where stochastic samplers draw from.
    """
    recipe = RECIPES[sampler]
    levels = int(config.get("num_train_timesteps", LEVELS))
    whole, run = split_steps(steps, strength, full=full_steps, levels=levels)
    scheduler = _scheduler(recipe, schedule, config, whole, levels)
    begin = (whole - run) * int(scheduler.order)
    if hasattr(scheduler, "noise_sampler"):
        scheduler.noise_sampler = SeededBrownian(scheduler.sigmas, noise)
    stochastic = "generator" in inspect.signature(scheduler.step).parameters
    timesteps = scheduler.timesteps[begin:]
    table = _levels(scheduler, normalized=recipe.normalized)[begin:]
    _begin(scheduler, begin)
    return Trajectory(
        scheduler=scheduler,
        timesteps=timesteps,
        levels=(*table, Level(1.0, 0.0)),
        steps=run,
        prediction=str(scheduler.config.prediction_type),
        options={"generator": noise.generators} if stochastic else {},
    )


def _scheduler(
    recipe: Recipe, schedule: Schedule, config: Mapping[str, Any], steps: int, levels: int
) -> Any:
    """A scheduler of diffusers with the noise levels of a schedule of so many steps."""
    own = dict(config) | EVERY | dict(recipe.changes)
    own["original_inference_steps"] = levels // max(1, levels // max(LCM_STEPS, steps))
    if schedule is not Schedule.AUTOMATIC:
        # Of samplers that take whole timesteps, which are the normalized ones, diffusers rounds
        # them only with Karras' levels; for the others it need not be.
        own |= OWN_TABLE
        own["use_karras_sigmas"] = recipe.normalized
        own["use_exponential_sigmas"] = not recipe.normalized
    if recipe.scheduler == "DDIMScheduler" and schedule is Schedule.SGM_UNIFORM:
        own["timestep_spacing"] = "trailing"
    scheduler = _kind(recipe).from_config(own)
    if schedule is Schedule.AUTOMATIC or recipe.scheduler == "DDIMScheduler":
        scheduler.set_timesteps(steps, device="cpu")
    elif hasattr(scheduler, "sigmas"):
        trained = ((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod).sqrt()
        _use_table(scheduler, noise_table(schedule, steps, trained.double().numpy()))
    else:
        scheduler.set_timesteps(steps, device="cpu")
        table = timestep_table(schedule, steps, levels).round()
        scheduler.timesteps = torch.from_numpy(table.astype(np.int64))
    return scheduler


def _kind(recipe: Recipe) -> Any:
    if recipe.scheduler == ThirdOrderSde.__name__:
        return ThirdOrderSde
    return getattr(diffusers, recipe.scheduler)


def _use_table(scheduler: Any, table: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    """Set a scheduler to these ratios of noise to signal, which fall and end above 0."""
    if hasattr(scheduler, "_convert_to_karras"):
        # Few of diffusers' schedulers take noise levels, but each of these gets Karras' and
        # exponential ones from a function of its own and derives everything else from those.
        for name in ("_convert_to_karras", "_convert_to_exponential"):
            setattr(scheduler, name, lambda *_args, **_options: table)
        scheduler.set_timesteps(len(table), device="cpu")
        return
    scheduler.set_timesteps(len(table), device="cpu")
    trained = ((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod).sqrt().double().numpy()
    timesteps = np.interp(np.log(table), np.log(trained), np.arange(len(trained)))
    scheduler.sigmas = torch.from_numpy(np.append(table, 0).astype(np.float32))
    scheduler.timesteps = torch.from_numpy(timesteps.astype(np.float32))


def _begin(scheduler: Any, begin: int) -> None:
    """Set a scheduler to its first evaluation."""
    if hasattr(scheduler, "derivatives"):
        # LMS would weigh the predictions before this one, which there are none of, so it must take
        # this level for the first one.
        scheduler.sigmas = scheduler.sigmas[begin:]
        scheduler.timesteps = scheduler.timesteps[begin:]
        begin = 0
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin)


def _levels(scheduler: Any, *, normalized: bool) -> list[Level]:
    """The level before each evaluation of the whole schedule."""
    if not hasattr(scheduler, "sigmas"):
        kept = scheduler.alphas_cumprod[scheduler.timesteps.long()].double().tolist()
        return [Level(math.sqrt(part), math.sqrt(1 - part)) for part in kept]
    return [
        Level(1 / math.hypot(1, ratio), ratio / math.hypot(1, ratio))
        if normalized
        else Level(1.0, ratio)
        for ratio in _noise_to_signal(scheduler)
    ]


def _noise_to_signal(scheduler: Any) -> list[float]:
    """The ratio of noise to signal before each evaluation of the whole schedule."""
    sigmas = [float(sigma) for sigma in scheduler.sigmas[: len(scheduler.timesteps)]]
    if hasattr(scheduler, "noise_sampler"):
        # Between two levels this one stops half-way in log space, where its table has the second.
        for middle in range(1, len(sigmas), 2):
            sigmas[middle] = math.sqrt(sigmas[middle - 1] * sigmas[middle])
    if hasattr(scheduler, "sigmas_interpol"):
        # DPM2 keeps where it stops in a table of its own, the ancestral one a place earlier.
        earlier = int(hasattr(scheduler, "sigmas_up"))
        for middle in range(1, len(sigmas), 2):
            sigmas[middle] = float(scheduler.sigmas_interpol[middle - earlier])
    return sigmas
