"""Enlarge a picture with its transparency, at its own bit depth, a few rows at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scumble_protocol.geometry import Size
from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import Picture, quantized
from scumble_server.pixels.prepare import has_transparency
from scumble_server.upscale.colors import colors_of
from scumble_server.upscale.resizing import ResizedRows
from scumble_server.upscale.rows import ArrayRows, Rows
from scumble_server.upscale.steps import NO_RELIEF, Relief, Steps
from scumble_server.upscale.upscaler import Upscaler
from scumble_server.work.report import Reporter

BAND_BYTES = 32 * 2**20
"""Bytes of the rows that are brought to the picture's depth at once, as floats."""

Drawing = Callable[[Rows, Steps], Rows]
"""Makes the colours of the result of those of the picture."""


def enlarge(picture: Picture, target: Size, upscaler: Upscaler, report: Reporter) -> Picture:
    """The picture at the target's size, of its own depth."""
    return draw(picture, target, lambda rows, steps: upscaler.rows(rows, target, steps), report)


def draw(
    picture: Picture,
    target: Size,
    drawing: Drawing,
    report: Reporter,
    relief: Relief = NO_RELIEF,
) -> Picture:
    """A picture of the target's size, of the depth of the one that it is made of.

    Alpha is enlarged apart from colour, and colour is first carried into what is transparent, so
    that no black or white from there bleeds over an edge.

    Args:
        picture: uint8 or uint16 (height, width, 4), straight alpha.
        target: The size to reach; not smaller than the picture.
        drawing: Says how the colours are made.
        report: Told of the progress, at least once; what it raises ends the work.
        relief: Asked first where memory is short.
    """
    steps = Steps(report, relief)
    colors = drawing(colors_of(picture), steps)
    alpha = ResizedRows(ArrayRows(picture[..., 3:]), target) if has_transparency(picture) else None
    result: Picture = np.empty((target.height, target.width, 4), picture.dtype)
    step = max(16, BAND_BYTES // (target.width * 3 * np.float32().nbytes))
    bands = range(0, target.height, step)
    are_told = not steps.expected
    if are_told:
        steps.expect(len(bands))
    for start in bands:
        if are_told:
            steps.begin()
        stop = min(start + step, target.height)
        band = opencv.with_alpha(quantized(colors.read(start, stop), picture))
        if alpha is not None:
            band[..., 3] = quantized(alpha.read(start, stop)[..., 0], picture)
        result[start:stop] = band
    return result
