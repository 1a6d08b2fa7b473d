"""People as the stick figures that ControlNets for poses read: OpenPose's 18 points."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np

from scumble_server.pixels.opencv import Floats

SURE = 0.3
"""The confidence from which on a point is drawn."""

_FROM_COCO = (0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
"""For each of OpenPose's points which of COCO's 17 it is; the neck lies between the shoulders.

Nose, neck, right shoulder, elbow and wrist, the left ones, right hip, knee and ankle, the left
ones, right eye, left eye, right ear, left ear.
"""
_RIGHT_SHOULDER, _LEFT_SHOULDER, _NECK = 6, 5, 1

_LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12),
    (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
"""Which points are joined, in the order of OpenPose's colours."""

_COLORS = tuple(colorsys.hsv_to_rgb(number / 18, 1, 1) for number in range(18))
"""Once round the circle of hues, for points and for limbs."""
_LIMB_SHADE = 0.6
_THICKNESS = 4 / 512
"""Half the width of a limb, and the radius of a point, as a share of the picture's shorter side."""


def from_coco(places: Floats, sure: Floats) -> Floats:
    """OpenPose's points from COCO's.

    Args:
        places: (17, 2), x and y in pixels.
        sure: (17,), how sure each of them is, 0 to 1.

    Returns:
        (18, 3): x, y, and how sure.
    """
    coco = np.column_stack([places, sure])
    shoulders = coco[[_RIGHT_SHOULDER, _LEFT_SHOULDER]]
    neck = np.append(shoulders[:, :2].mean(axis=0), shoulders[:, 2].min())
    points = [neck if number is None else coco[number] for number in _FROM_COCO]
    return np.asarray(points, np.float32)


def drawn(people: Sequence[Floats], height: int, width: int) -> Floats:
    """Stick figures on black, (height, width, 3), RGB from 0 to 1.

    Args:
        people: For each (18, 3), as `from_coco` gives them.
        height: Of the picture, in pixels.
        width: Likewise.
    """
    picture = np.zeros((height, width, 3), np.float32)
    radius = max(1, round(min(height, width) * _THICKNESS))
    for points in people:
        for color, (start, end) in zip(_COLORS, _LIMBS, strict=False):
            if min(points[start, 2], points[end, 2]) >= SURE:
                shade = tuple(_LIMB_SHADE * part for part in color)
                _limb(picture, points[start, :2], points[end, :2], radius, shade)
        for color, (x, y, sure) in zip(_COLORS, points, strict=True):
            if sure >= SURE:
                cv2.circle(picture, (round(x), round(y)), radius, color, -1)
    return picture


def _limb(
    picture: Floats, start: Floats, end: Floats, radius: int, color: tuple[float, ...]
) -> None:
    middle, along = (start + end) / 2, end - start
    length = int(np.hypot(*along) / 2)
    angle = int(np.degrees(np.arctan2(along[1], along[0])))
    center = cast("tuple[int, int]", tuple(int(value) for value in middle))
    outline = np.asarray(cv2.ellipse2Poly(center, (length, radius), angle, 0, 360, 1))
    cv2.fillConvexPoly(picture, outline, color)
