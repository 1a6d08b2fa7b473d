"""How many steps a strength leaves of those that a painter asked for."""

from __future__ import annotations

LEVELS = 1000
"""Noise levels that Stable Diffusion's models are trained on."""


def steps_run(steps: int, strength: float, *, full: bool) -> int:
    """The steps that are really run, at least 1; as in `split_steps`."""
    return split_steps(steps, strength, full=full)[1]


def split_steps(
    steps: int, strength: float, *, full: bool, levels: int = LEVELS
) -> tuple[int, int]:
    """The steps of the whole schedule, and how many of its last ones are run.

    Args:
        steps: As asked for, 1 or more.
        strength: Denoising strength, above 0 up to 1.
        full: Whether that many are run at every strength (of a finer schedule then); else the
            strength's part of them, rounded down as in diffusers' img2img, but at least one.
        levels: Noise levels that the model knows; a schedule has fewer steps than that.
    """
    if not full:
        return steps, max(1, min(int(steps * strength), steps))
    whole = min(max(round(steps / strength), steps), levels - 1)
    # Where there are not so many levels, some of them are all that can be run.
    return whole, max(1, min(steps, round(whole * strength)))
