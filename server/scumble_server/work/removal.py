"""Taking something out of a picture, as if it had not been there."""

from __future__ import annotations

import numpy as np

from scumble_protocol.messages import Phase
from scumble_server.completion.complete import Told, complete
from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import Floats, Mask, Picture, quantized, unit
from scumble_server.work.report import ProgressReport, Reporter


def without(picture: Picture, mask: Mask, seed: int, told: Told) -> Picture:
    """The picture without what lies under the mask: its surroundings go on there.

    Colours count as much as they are opaque, and where the surroundings are transparent, so is
    what takes the place of the thing.

    Args:
        picture: uint8 or uint16 (height, width, 4).
        mask: uint8 (height, width); all of it above 0 is removed.
        seed: What chance decides; the same one gives the same pixels.
        told: Told how far it is; what it raises ends the work.

    Returns:
        A picture like the given one, and equal to it where the mask is 0. If nothing of it is
        known, all of it becomes grey.
    """
    hole = mask > 0
    full = np.iinfo(picture.dtype).max
    if hole.all():
        made = np.full_like(picture, full // 2)
        made[..., 3] = picture[..., 3]
    elif picture[..., 3].min() < full:
        made = _straight(complete(_premultiplied(picture), hole, seed, told), picture)
    else:
        filled = complete(unit(opencv.without_alpha(picture)), hole, seed, told)
        made = opencv.with_alpha(quantized(filled, picture))
    return opencv.copied(made, mask, onto=picture)


def telling(report: Reporter, phase: Phase) -> Told:
    """Reports what is done of a removal as a part of that phase."""

    def told(done: int, of: int) -> None:
        report(ProgressReport(phase, done, of, detail="removing"))

    return told


def _premultiplied(picture: Picture) -> Floats:
    values = unit(picture)
    values[..., :3] *= values[..., 3:]
    return values


def _straight(values: Floats, like: Picture) -> Picture:
    alpha = values[..., 3:]
    colors = np.divide(values[..., :3], alpha, out=np.zeros_like(values[..., :3]), where=alpha > 0)
    return quantized(np.dstack([np.clip(colors, 0, 1), alpha]), like)
