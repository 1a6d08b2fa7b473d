"""How many steps a strength leaves of those that a painter asked for."""

from __future__ import annotations


def steps_run(steps: int, strength: float, *, full: bool) -> int:
    """The steps that are really run, at least 1.

    Args:
        steps: As asked for, 1 or more.
        strength: Denoising strength, above 0 up to 1.
        full: Whether all of them are run whatever the strength; else its part of them, rounded
            down as in diffusers' img2img.
    """
    return steps if full else max(1, min(int(steps * strength), steps))
