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
        return np.asarray((high + ramp * (low - high)) ** RHO)
    if schedule is Schedule.EXPONENTIAL:
        return np.exp(np.log(highest) + ramp * (np.log(lowest) - np.log(highest)))
    timesteps = timestep_table(schedule, steps, len(trained))
    return np.interp(timesteps, np.arange(len(trained)), trained)


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
        return count - 1 - np.floor(numbers * (count / steps))
    if schedule is Schedule.BETA:
        # Timesteps and not, as diffusers does it, ratios of noise: those would nearly all be high.
        from scipy.stats import beta

        return np.asarray(beta.ppf(1 - numbers / steps, SHAPE, SHAPE)) * (count - 1)
    raise ValueError(schedule)
