"""How visible the edge of a regenerated area is."""

from __future__ import annotations

from typing import Any

import numpy as np
import skimage.color
from numpy.typing import NDArray

from .scenes import Pixels

_color: Any = skimage.color

REACH = 1.5
"""The two sides of an edge are compared this far from it, in pixels."""


def rim_step(picture: Pixels, centre: tuple[float, float], radius: float) -> float:
    """The mean colour difference (CIEDE2000) across a circle: what the eye sees as an edge.

    Args:
        picture: The picture after the area was made anew.
        centre: x and y of the circle's centre in pixels.
        radius: Its radius in pixels.
    """
    lab = _color.rgb2lab(picture)
    angles = np.linspace(0, 2 * np.pi, round(2 * np.pi * radius), endpoint=False)
    inside = _around(lab, centre, radius - REACH, angles)
    outside = _around(lab, centre, radius + REACH, angles)
    return float(np.mean(_color.deltaE_ciede2000(inside, outside)))


def worst_step(
    picture: Pixels, centre: tuple[float, float], radius: float, reach: int = 14
) -> float:
    """The largest `rim_step` from the circle to `reach` pixels beyond: soft masks end there."""
    return max(rim_step(picture, centre, radius + beyond) for beyond in range(-2, reach + 1))


def _around(
    lab: NDArray[np.float64],
    centre: tuple[float, float],
    radius: float,
    angles: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The colours along a circle: angles x 3."""
    rows = np.rint(centre[1] + radius * np.sin(angles) - 0.5).astype(int)
    columns = np.rint(centre[0] + radius * np.cos(angles) - 0.5).astype(int)
    found: NDArray[np.float64] = lab[rows.clip(0, len(lab) - 1), columns.clip(0, lab.shape[1] - 1)]
    return found
