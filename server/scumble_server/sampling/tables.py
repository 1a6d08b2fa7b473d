"""The noise levels of each schedule, from those that a model was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.choices import Schedule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Levels = NDArray[np.float64]

RHO = 7.0
"""How much Karras et al. (2022) favour low noise; the value of their paper."""

SHAPE = 0.6
"""Both parameters of the beta distribution, as in *Beta Sampling is All You Need* (2024)."""


FINE = 8192
"""Points of the integral of that distribution."""


def noise_table(schedule: Schedule, steps: int, trained: Levels) -> Levels:
    """The ratio of noise to signal before each step, falling, without the end's 0.

    Args:
        schedule: Any but `AUTOMATIC`, which is a matter of the model's files.
        steps: How many levels, 1 or more.
        trained: The ratio at each timestep that the model was trained on, rising.
    """
    lowest, highest = float(trained[0]), float(trained[-1])
    ramp = np.linspace(0, 1, steps)
    if schedule is Schedule.KARRAS:
        low, high = lowest ** (1 / RHO), highest ** (1 / RHO)
        return np.asarray((high + ramp * (low - high)) ** RHO, np.float64)
    if schedule is Schedule.EXPONENTIAL:
        return np.asarray(highest * (lowest / highest) ** ramp, np.float64)
    timesteps = timestep_table(schedule, steps, len(trained))
    return np.asarray(np.interp(timesteps, np.arange(len(trained)), trained), np.float64)


def timestep_table(schedule: Schedule, steps: int, count: int) -> Levels:
    """The timestep of each step, from at most `count - 1` falling to at least 0.

    Args:
        schedule: One of those that choose among timesteps.
        steps: How many, 1 or more.
        count: How many timesteps the model was trained on.
    """
    numbers = np.arange(steps)
    if schedule is Schedule.NORMAL:
        return np.linspace(count - 1, 0, steps)
    if schedule is Schedule.SGM_UNIFORM:
        return np.round(count - numbers * (count / steps)) - 1
    if schedule is Schedule.SIMPLE:
        return np.asarray(count - 1 - np.floor(numbers * (count / steps)), np.float64)
    if schedule is Schedule.BETA:
        # Timesteps and not, as diffusers does it, ratios of noise: those would nearly all be high.
        return beta_quantiles(1 - numbers / steps) * (count - 1)
    raise ValueError(schedule)


def beta_quantiles(shares: Levels) -> Levels:
    """Where these shares, 0 to 1, of a symmetric beta distribution lie below; from 0 to 1."""
    # With x = sin² angle the density has no poles at its ends, so that a plain sum integrates it.
    angles = np.linspace(0, np.pi / 2, FINE)
    density = (np.sin(angles) * np.cos(angles)) ** (2 * SHAPE - 1)
    below = np.concatenate(([0.0], np.cumsum(density[1:] + density[:-1])))
    return np.asarray(np.sin(np.interp(shares, below / below[-1], angles)) ** 2, np.float64)
