"""Where faces are in a picture: those that look at the beholder, more or less upright."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import skimage.data
import skimage.feature

from scumble_protocol.geometry import Rect, Size
from scumble_server.pixels import opencv
from scumble_server.pixels.crop import scaled
from scumble_server.pixels.opencv import Mask, Picture

_LONGEST = 768
"""The longer side of what is searched; larger pictures take long and bring false alarms."""
_SHORTEST = 256
"""What is smaller is enlarged, so that a small face can be found in a small selection."""
_SMALLEST = 32
"""Side of the smallest face, in pixels of what is searched."""
_GROWTH = 1.1
"""From one size of face to the next."""
_VOTES = 10
"""How many neighbouring places must look like a face."""
_TILTS = (0, 15, -15)
"""Degrees by which the picture is turned, one after the other until a face is found."""
_ALIKE = 0.4
"""What two findings of one face have in common, of what both cover."""

_feature: Any = skimage.feature
_data: Any = skimage.data


def find_faces(picture: Picture, mask: Mask) -> tuple[Rect, ...]:
    """The faces whose middle lies under a mask, from top to bottom.

    A cascade of local binary patterns, which scikit-image ships, looks for them. It is easily
    deceived, so only what it finds in the mirrored picture too is believed.

    Args:
        picture: uint8 or uint16 (height, width, 4).
        mask: uint8 (height, width), not empty.

    Returns:
        Squares from the brow to the mouth, in the picture's pixels.
    """
    area = _around(mask)
    cut = np.ascontiguousarray(picture[area.y : area.bottom, area.x : area.right, :3])
    gray = opencv.gray(opencv.quantized(opencv.unit(cut), np.empty(0, np.uint8)))
    factor = _factor(area.size)
    size = Size(max(1, round(area.width * factor)), max(1, round(area.height * factor)))
    searched = scaled(gray, size)
    for degrees in _TILTS:
        faces = [_back(face, factor, area) for face in _tilted(searched, degrees)]
        if found := [face for face in faces if _is_under(mask, face)]:
            return tuple(sorted(found, key=lambda it: it.y))
    return ()


def _around(mask: Mask) -> Rect:
    """The mask's rectangle with a quarter more on each side: a face reaches beyond its middle."""
    rect = Rect(*opencv.bounding_box(mask))
    grown = rect.grow(max(rect.width, rect.height) // 4)
    return grown.intersect(Rect.of(Size(mask.shape[1], mask.shape[0]))) or rect


def _factor(size: Size) -> float:
    longest = max(size.width, size.height)
    return min(_LONGEST / longest, max(1.0, _SHORTEST / longest))


def _tilted(gray: Mask, degrees: int) -> list[Rect]:
    """The faces of a picture turned by so much, where they are in the picture itself."""
    if not degrees:
        return _believed(gray)
    turned, back = opencv.turned(gray, degrees)
    faces = []
    for face in _believed(turned):
        x, y = back(face.x + face.width / 2, face.y + face.height / 2)
        corner = round(x - face.width / 2), round(y - face.height / 2)
        faces.append(Rect(*corner, face.width, face.height))
    return faces


def _believed(gray: Mask) -> list[Rect]:
    width = gray.shape[1]
    mirrored = [
        Rect(width - face.right, face.y, face.width, face.height)
        for face in _detected(np.ascontiguousarray(gray[:, ::-1]))
    ]
    believed: list[Rect] = []
    for face in sorted(_detected(gray), key=lambda it: -it.width):
        is_seen_twice = any(_shared(face, other) > _ALIKE for other in mirrored)
        if is_seen_twice and not any(face.intersect(other) for other in believed):
            believed.append(face)
    return believed


def _detected(gray: Mask) -> list[Rect]:
    side = min(gray.shape)
    if side < _SMALLEST:
        return []
    found = _cascade().detect_multi_scale(
        gray,
        scale_factor=_GROWTH,
        step_ratio=1,
        min_size=(_SMALLEST, _SMALLEST),
        max_size=(side, side),
        min_neighbor_number=_VOTES,
    )
    return [Rect(face["c"], face["r"], face["width"], face["height"]) for face in found]


@cache
def _cascade() -> Any:
    return _feature.Cascade(_data.lbp_frontal_face_cascade_filename())


def _shared(one: Rect, other: Rect) -> float:
    common = one.intersect(other)
    shared = common.size.pixels if common else 0
    return shared / (one.size.pixels + other.size.pixels - shared)


def _back(face: Rect, factor: float, area: Rect) -> Rect:
    side = max(1, round(face.width / factor))
    return Rect(area.x + round(face.x / factor), area.y + round(face.y / factor), side, side)


def _is_under(mask: Mask, face: Rect) -> bool:
    height, width = mask.shape
    x, y = face.x + face.width // 2, face.y + face.height // 2
    return 0 <= x < width and 0 <= y < height and bool(mask[y, x])
