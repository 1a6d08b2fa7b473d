"""Enlarge a picture with its transparency, at its own bit depth."""

from __future__ import annotations

import numpy as np

from scumble_protocol.geometry import Size
from scumble_server import opencv
from scumble_server.fill import fill_unknown
from scumble_server.opencv import LANCZOS, Floats, Picture, quantized, unit
from scumble_server.prepare import has_transparency
from scumble_server.report import Reporter
from scumble_server.upscale.upscaler import Upscaler


def enlarge(picture: Picture, target: Size, upscaler: Upscaler, report: Reporter) -> Picture:
    """The picture at the target's size, of its own depth.

    Alpha is enlarged apart from colour, and colour is first carried into what is transparent, so
    that no black or white from there bleeds over an edge.

    Args:
        picture: uint8 or uint16 (height, width, 4), straight alpha.
        target: The size to reach; not smaller than the picture.
        upscaler: What enlarges the colours.
        report: Told of the progress; what it raises ends the work.
    """
    color = unit(opencv.without_alpha(picture))
    if not has_transparency(picture):
        return opencv.with_alpha(quantized(upscaler.enlarge(color, target, report), picture))
    alpha = unit(picture[..., 3])
    enlarged = upscaler.enlarge(_without_fringes(color, alpha), target, report)
    result = opencv.with_alpha(quantized(enlarged, picture))
    grown = opencv.resized(alpha, target.width, target.height, LANCZOS)
    result[..., 3] = quantized(np.ascontiguousarray(grown), picture)
    return result


def _without_fringes(color: Floats, alpha: Floats) -> Floats:
    """Colours that go on smoothly where nothing can be seen; those of visible pixels stay."""
    return fill_unknown(color, (alpha > 0).astype(np.float32))
