"""The passes of a model over a working picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.checks import MAX_SEED
from scumble_protocol.choices import MaskedContent
from scumble_protocol.messages import Pass, Phase
from scumble_server.pixels.opencv import Floats
from scumble_server.sampling.steps import steps_run
from scumble_server.work.report import ProgressReport, Report, Reporter

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate
    from scumble_server.models.model import Model
    from scumble_server.pixels.crop import Crop

Painted = tuple[Floats, tuple[Pass, ...]]
"""A working picture as a model made it, and the passes that led there."""

SEED_STRIDE = 0x9E3779B97F4A7C15
"""How far apart the seeds of passes are. The noise of the pass before it must not come again, since
it would add up with what it left in the picture."""


def paint(
    crop: Crop, model: Model, request: Regenerate, seeds: tuple[int, ...], report: Reporter
) -> tuple[Painted, ...]:
    """Variations of a working picture, one for each seed.

    The first pass denoises all of them at once; each further one goes over what the one before it
    made, one variation after the other, and leaves what lies outside the mask as it was.

    Args:
        crop: The working picture and its masks.
        model: The model; LoRAs and textual inversions of the prompt are in place.
        request: Prompts without tags, strength and passes, and how to sample.
        seeds: One or more.
        report: Told of every step of every pass and variation; what it raises ends the run.
    """
    tally = _Tally(report, later=len(seeds) * sum(_planned(request)))
    images = tally.run(crop, model, request, seeds)
    ran = Pass("pass 1", crop.working, request.strength, tally.steps)
    painted: list[Painted] = [(image, (ran,)) for image in images]
    for number, strength in enumerate(request.passes, start=2):
        # Noise or nothing is what the first pass began with; the others go on from its picture.
        asked = replace(request, strength=strength, content=MaskedContent.ORIGINAL)
        for at, seed in enumerate(seeds):
            image, passes = painted[at]
            image = np.where(crop.denoise[..., None] > 0, image, crop.image)
            over = replace(crop, image=image, latents_from=None)
            other = (seed + (number - 1) * SEED_STRIDE) % (MAX_SEED + 1)
            (image,) = tally.run(over, model, asked, (other,))
            ran = Pass(f"pass {number}", crop.working, strength, tally.steps)
            painted[at] = (image, (*passes, ran))
    return tuple(painted)


def _planned(request: Regenerate) -> list[int]:
    """The steps of each further pass for one variation."""
    return [
        steps_run(request.steps, strength, full=request.full_steps) for strength in request.passes
    ]


@dataclass
class _Tally:
    """Counts the steps of all passes and variations as one run.

    Args:
        report: Where it is told.
        later: Steps to come after those that run now, each variation's for itself.
        before: Steps done before those that run now.
        steps: Steps of a variation in what ran last.
    """

    report: Reporter
    later: int
    before: int = 0
    steps: int = 0

    def run(
        self, crop: Crop, model: Model, request: Regenerate, seeds: tuple[int, ...]
    ) -> tuple[Floats, ...]:
        """Sample, and count it."""
        planned = steps_run(request.steps, request.strength, full=request.full_steps)
        if self.before:
            self.later -= planned * len(seeds)
        images = model.sample(crop, request, seeds, self._told_of(len(seeds)))
        self.before += self.steps * len(seeds)
        return images

    def _told_of(self, at_once: int) -> Reporter:
        def tell(told: Report) -> None:
            if isinstance(told, ProgressReport) and told.phase is Phase.SAMPLING:
                self.steps = told.of
                self.report(self._of_all(told, at_once))
            else:
                self.report(told)

        return tell

    def _of_all(self, told: ProgressReport, at_once: int) -> ProgressReport:
        left = told.seconds_left
        if left > 0 and told.step < told.of:
            left += left / (told.of - told.step) / at_once * self.later
        elif self.later:
            left = -1.0
        step = self.before + at_once * told.step
        of = self.before + at_once * told.of + self.later
        return replace(told, step=step, of=of, seconds_left=left)
