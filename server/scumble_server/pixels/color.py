"""Match a result's colour to its surroundings, in Lab, by what both show around the rim."""

from __future__ import annotations

import numpy as np

from scumble_server.pixels import opencv
from scumble_server.pixels.fill import extend
from scumble_server.pixels.masks import SHOWN_FROM
from scumble_server.pixels.opencv import AREA, CUBIC, Floats

_CELLS = 128
"""Colour is compared on a grid of at most so many cells a side; finer differences are detail."""
_FEWEST = 4.0
"""Sum of weights below which there is too little around the mask to learn from."""
_MOST = 25.0
"""Largest correction in Lab units; more than this is another thing, not another tint."""
_TINY = np.float32(1e-6)


def match_color(picture: Floats, reference: Floats, denoise: Floats) -> Floats:
    """Correct the slow drift of colour that models and VAEs bring.

    Around the mask both pictures should be the same; where they differ, the difference is the
    error. It is averaged, carried smoothly into the mask, and taken off, so that colours meet at
    the rim while everything finer than a cell stays as the model made it.

    Args:
        picture: The result, float32 (height, width, 3), 0 to 1, sRGB.
        reference: What the model was given, likewise.
        denoise: Local strength, float32 (height, width), 0 to 1.

    Returns:
        The result, corrected where the mask is; the picture itself when nothing surrounds it.
    """
    height, width = denoise.shape
    scale = min(1, _CELLS / max(height, width))
    cells = (max(1, round(width * scale)), max(1, round(height * scale)))
    trust = _trust(opencv.resized(denoise, *cells, AREA))
    if trust.sum() < _FEWEST:
        return picture
    before, after = (opencv.lab(opencv.resized(it, *cells, AREA)) for it in (reference, picture))
    correction = _smooth(np.clip(before - after, -_MOST, _MOST), trust)
    correction = opencv.resized(correction, width, height, CUBIC)
    x, y, columns, rows = opencv.bounding_box((denoise > 0).astype(np.uint8))
    area = np.s_[y : y + rows, x : x + columns]
    corrected: Floats = picture.copy()
    corrected[area] = opencv.srgb(opencv.lab(picture[area]) + correction[area])
    return corrected


def _trust(denoise: Floats) -> Floats:
    """How much a cell says about the error: hidden by the blend mask, and near what is shown."""
    shown = np.minimum(1, denoise / SHOWN_FROM)
    near = np.minimum(1, 4 * opencv.box_blurred(shown, max(denoise.shape) // 8 + 1))
    trust: Floats = np.square(1 - shown) * near
    return trust


def _smooth(error: Floats, trust: Floats) -> Floats:
    """Average the error over neighbouring trusted cells, and carry it to all others."""
    weight = opencv.gaussian_blurred(trust, 2)
    mean = opencv.gaussian_blurred(error * trust[..., None], 2)
    return extend(mean / np.maximum(weight, _TINY)[..., None], np.minimum(1, 4 * weight))
