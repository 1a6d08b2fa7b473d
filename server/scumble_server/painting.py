"""The passes of a model over a working picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_protocol.messages import Pass
from scumble_server.opencv import Floats

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate
    from scumble_server.crop import Crop
    from scumble_server.models.model import Model
    from scumble_server.report import Reporter

Painted = tuple[Floats, tuple[Pass, ...]]
"""A working picture as a model made it, and the passes that led there."""


def paint(
    crop: Crop, model: Model, request: Regenerate, seeds: tuple[int, ...], report: Reporter
) -> tuple[Painted, ...]:
    """Variations of a working picture, one for each seed, denoised at once.

    Args:
        crop: The working picture and its masks.
        model: The model; LoRAs and textual inversions of the prompt are in place.
        request: Prompts without tags, strength and passes, and how to sample.
        seeds: One or more.
        report: Told of every step; what it raises ends the run.
    """
    images = model.sample(crop, request, seeds, report)
    ran = Pass("pass 1", crop.working, request.strength, request.steps)
    return tuple((image, (ran,)) for image in images)
