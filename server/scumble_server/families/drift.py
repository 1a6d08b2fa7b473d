"""Bringing back what an edit model moved: its results are shifted and zoomed by a little.

How far is read off the pixels that should have stayed as they were, and undone for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from scumble_server.pixels.opencv import Floats

MOST_SHIFT = 0.06
"""Most that is taken for a drift, as a part of the longer side; beyond it is another picture."""

MOST_ZOOM = 0.08

LEAST = 0.05
"""Pixels; what moves less, at the corner that moves most, is left alone: resampling blurs."""

LEAST_KEPT = 0.02
"""The part of the picture that has to be unmasked to tell anything."""

LEAST_ALIKE = 0.6
"""Correlation of the unmasked pixels below which the picture was changed too much to be told."""

COARSE_SIDE = 128
"""The search begins on pictures of about this longer side, where a drift is a pixel or two."""

_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-5)


@dataclass(frozen=True)
class Drift:
    """Where the pixels of a picture went: `(x, y)` to `zoom * (x, y) + (right, down)`."""

    zoom: float
    right: float
    down: float

    def reach(self, width: int, height: int) -> float:
        """Pixels by which the corner goes that goes farthest."""
        corners = [(x, y) for x in (0, width) for y in (0, height)]
        return max(
            float(np.hypot((self.zoom - 1) * x + self.right, (self.zoom - 1) * y + self.down))
            for x, y in corners
        )


def put_back(image: Floats, original: Floats, kept: NDArray[np.bool_]) -> Floats:
    """The image without its drift; the same object where there is none to be told.

    Args:
        image: float32 (height, width, 3), 0 to 1: what the model made.
        original: The same size: what it was made of.
        kept: Where it should have stayed the same.
    """
    drift = find_drift(image, original, kept)
    height, width = kept.shape
    if drift is None or drift.reach(width, height) < LEAST:
        return image
    matrix = np.array([[drift.zoom, 0, drift.right], [0, drift.zoom, drift.down]], np.float32)
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(image, matrix, (width, height), flags=how, borderMode=cv2.BORDER_REFLECT)
    return cast("Floats", np.clip(moved, 0, 1))


def find_drift(image: Floats, original: Floats, kept: NDArray[np.bool_]) -> Drift | None:
    """Where the original's pixels went in the image; None where that can't be told."""
    if kept.mean() < LEAST_KEPT:
        return None
    here, there = _edges(original), _edges(image)
    if min(here[kept].std(), there[kept].std()) < 1e-4:
        return None
    drift = _first_guess(here, there, kept)
    for factor in _pyramid(kept.shape):
        found = _aligned(here, there, kept, factor, drift)
        if found is None:
            return None
        drift = found
    height, width = kept.shape
    is_far = abs(drift.zoom - 1) > MOST_ZOOM or _shift_at_middle(drift, kept.shape) > (
        MOST_SHIFT * max(height, width)
    )
    return None if is_far else drift


def _first_guess(here: Floats, there: Floats, kept: NDArray[np.bool_]) -> Drift:
    """The shift by phase correlation, which finds far ones too, to about a pixel."""
    weight = cv2.GaussianBlur(kept.astype(np.float32), (0, 0), 4) * kept
    (right, down), _ = cv2.phaseCorrelate(here * weight, there * weight)
    return Drift(1.0, right, down)


def _shift_at_middle(drift: Drift, shape: tuple[int, ...]) -> float:
    height, width = shape[:2]
    across = (drift.zoom - 1) * width / 2 + drift.right
    return float(np.hypot(across, (drift.zoom - 1) * height / 2 + drift.down))


def _pyramid(shape: tuple[int, ...]) -> list[float]:
    """Factors from coarse to fine, each twice the one before, the last one 1."""
    halvings = max(0, round(np.log2(max(shape[:2]) / COARSE_SIDE)))
    return [0.5**level for level in range(halvings, -1, -1)]


def _aligned(
    here: Floats, there: Floats, kept: NDArray[np.bool_], factor: float, start: Drift
) -> Drift | None:
    """A better drift at one level of the pyramid; None where nothing is alike.

    OpenCV's alignment (Evangelidis & Psarakis 2008) looks for six numbers; shift and zoom are read
    off them, since a model neither turns nor shears.
    """
    small, moved = _smaller(here, factor), _smaller(there, factor)
    size = (small.shape[1], small.shape[0])
    where = cv2.resize(kept.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    right, down = start.right * factor, start.down * factor
    begin = np.array([[start.zoom, 0, right], [0, start.zoom, down]], np.float32)
    try:
        alike, matrix = cv2.findTransformECC(
            small, moved, begin, cv2.MOTION_AFFINE, _STOP, where * 255, 5
        )
    except cv2.error:  # it says so when nothing is alike
        return None
    if alike < LEAST_ALIKE:
        return None
    return _read_off(np.asarray(matrix), size, factor)


def _smaller(picture: Floats, factor: float) -> Floats:
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    return cast("Floats", cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _read_off(matrix: NDArray[Any], size: tuple[int, int], factor: float) -> Drift:
    """The shift and zoom nearest to an affine map over a picture of that size."""
    zoom = float(matrix[0, 0] + matrix[1, 1]) / 2
    middle = np.array([size[0] / 2, size[1] / 2, 1])
    right, down = matrix @ middle - zoom * middle[:2]
    return Drift(zoom, float(right) / factor, float(down) / factor)


def _edges(picture: Floats) -> Floats:
    """Grey values without slow changes of light, which an edit may well make everywhere."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    slow = cv2.GaussianBlur(grey, (0, 0), max(picture.shape[:2]) / 40)
    return cast("Floats", grey - slow)
