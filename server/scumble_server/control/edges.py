"""Edges and strokes of a picture, as the published ControlNets read them: white on black."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import Floats, Mask

CANNY_LOW, CANNY_HIGH = 100, 200
"""Gradients (Sobel, of 8 bits) from which on a pixel goes an edge on, and from which on it begins
one: those that the ControlNets' authors trained with."""

_SCALES = (1.0, 2.0, 4.0)
"""Standard deviations in pixels at which soft edges are looked for."""
_VERY_CLEAR = 98
"""The percentile of edge strengths that becomes white; a single glaring edge hides no others."""
_LEAST_CONTRAST = 6.0
"""Steps in L*a*b* below which nothing is an edge, so that flat pictures stay black."""

_GROUND = 6.0
"""Standard deviation in pixels of what counts as the paper around a stroke."""
_STROKE = 0.08
"""How much darker than its paper (0 to 1) a scribble's stroke is at least."""
_FAINT = 0.03
"""How much darker than its paper a line is at least to be seen at all."""
_GRAIN = 0.7
"""Standard deviation in pixels below which lines are grain of the paper."""


def canny(picture: Floats) -> Floats:
    """Edges after Canny (1986), one pixel wide, 0 or 1, (height, width)."""
    gray = cv2.cvtColor(np.rint(picture * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
    return opencv.unit(cast("Mask", cv2.Canny(gray, CANNY_LOW, CANNY_HIGH)))


def soft_edges(picture: Floats) -> Floats:
    """Edges from faint to clear, soft, 0 to 1, (height, width).

    Gradients of L*a*b*, so that colours of one brightness have edges too, at several scales; an
    edge counts by how many scales agree (their geometric mean), which drops grain and texture.
    """
    lab = opencv.lab(picture)
    strengths = [_gradient(opencv.gaussian_blurred(lab, scale)) * scale for scale in _SCALES]
    agreed = cast("Floats", np.cbrt(np.prod(strengths, axis=0, dtype=np.float32)))
    white = max(float(np.percentile(agreed, _VERY_CLEAR)), _LEAST_CONTRAST)
    return cast("Floats", np.clip(agreed / white, 0, 1))


def scribble(picture: Floats, coverage: Floats | None = None) -> Floats:
    """Strokes as if drawn with a felt pen, 0 or 1, (height, width).

    Args:
        picture: float32 (height, width, 3), 0 to 1.
        coverage: How opaque the layer is, if it is transparent anywhere: what is drawn there is
            the strokes then.
    """
    if coverage is not None:
        return (coverage >= 0.5).astype(np.float32)
    strokes = (_above_ground(picture) > _STROKE).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    closed = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, kernel)
    return cast("Floats", _without_specks(cast("Mask", closed)).astype(np.float32))


def lineart(picture: Floats, coverage: Floats | None = None) -> Floats:
    """Lines with their weight: from 0 to 1 by how far they stand out, (height, width).

    Arguments as those of `scribble`.
    """
    if coverage is not None:
        return coverage
    lines = _above_ground(opencv.gaussian_blurred(picture, _GRAIN))
    clear = lines[lines > _STROKE]
    usual = float(np.median(clear)) if clear.size else 1.0
    return cast("Floats", np.clip((lines - _FAINT) / usual, 0, 1))


def _above_ground(picture: Floats) -> Floats:
    """How far each pixel stands out from its surroundings, 0 to 1.

    Dark strokes on what is bright on the whole, and bright ones (chalk) on what is dark.
    """
    ground = opencv.gaussian_blurred(picture, _GROUND)
    out = ground - picture if float(np.median(picture)) >= 0.35 else picture - ground
    return cast("Floats", np.clip(out.max(axis=2), 0, 1))


def _without_specks(strokes: Mask) -> Mask:
    """Only the strokes of at least 12 pixels: less is grain."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= 12
    large[0] = False
    return cast("Mask", large[labels].astype(np.uint8))


def _gradient(lab: Floats) -> Floats:
    """The steepest change over the three channels, per pixel."""
    # Scharr's kernel weighs 32 pixels' worth of differences.
    across = cv2.Scharr(lab, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(lab, cv2.CV_32F, 0, 1, scale=1 / 32)
    return cast("Floats", np.sqrt(across**2 + down**2).max(axis=2))
