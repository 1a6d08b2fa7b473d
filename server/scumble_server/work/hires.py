"""Large areas in two passes: composed at the model's size, then given detail tile by tile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.choices import MaskedContent
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Rect
from scumble_protocol.messages import Phase
from scumble_server.pixels import opencv
from scumble_server.pixels.crop import Crop, scaled
from scumble_server.pixels.opencv import Floats, Mask, Picture, quantized, unit
from scumble_server.pixels.prepare import prepare
from scumble_server.upscale.lanczos import Lanczos
from scumble_server.upscale.rows import ArrayRows
from scumble_server.upscale.steps import NO_RELIEF, Steps
from scumble_server.upscale.upscaler import Upscaler
from scumble_server.work.detail import Area, Detail, detailed, without_passes
from scumble_server.work.overview import Overview
from scumble_server.work.report import UNKNOWN, PreviewReport, ProgressReport, Report, silent

if TYPE_CHECKING:
    from scumble_protocol.messages import Pass
    from scumble_protocol.requests import Regenerate
    from scumble_server.control.guides import Guides
    from scumble_server.spec import ModelSpec
    from scumble_server.work.means import Means
    from scumble_server.work.painting import Painted

MARGIN = 1.2
"""How much longer a context is than what the model works at, for a second pass to be worth it."""
MOST_PIXELS = 4096 * 4096
"""Pixels of the largest picture that is given detail; a larger context is scaled to it."""
UPSCALER = "starter-2x"
"""Enlarges the composition, where it is there; else Lanczos does."""

_BYTES = np.empty(0, np.uint8)

Finished = tuple[Crop, Floats, "tuple[Pass, ...]"]
"""A working picture, the crop that brings it back to the canvas, and the passes that led there."""


def large_crop(
    request: Regenerate, picture: Picture, selection: Mask, small: Crop, spec: ModelSpec
) -> Crop | None:
    """The context at its own size, for the pass that draws detail; None where there is none.

    Args:
        request: What to do.
        picture: The context's pixels.
        selection: The selection there.
        small: The same context as the model can do it at once.
        spec: The model's needs.
    """
    if not request.hires:
        return None
    longest = max(picture.shape[:2]) + spec.multiple
    unlimited = replace(spec, max_side=longest, max_pixels=MOST_PIXELS)
    # What was under the mask has had its say in the composition.
    asked = replace(request, strength=request.hires, content=MaskedContent.ORIGINAL)
    crop = prepare(asked, picture, selection, unlimited)
    if crop.content.width < small.content.width * MARGIN:
        return None
    return replace(crop, guides=_guides(small, crop))


def _guides(small: Crop, crop: Crop) -> Guides:
    """The guides of the small working picture for the large one."""
    content = small.guides.cut(Rect.of(small.content)).resized(crop.content)
    return content.extended(
        crop.working.width - crop.content.width, crop.working.height - crop.content.height
    )


class Detailing:
    """The second pass over every variation of a request, and one progress for both passes.

    Args:
        small: What the composition is made on.
        large: The context at its own size; None where the composition is all.
        detail: What detail is drawn with; its request and seed are not those of a variation yet.
        means: What the job is done with.
    """

    def __init__(self, small: Crop, large: Crop | None, detail: Detail, means: Means) -> None:
        self._small = small
        self._large = large
        self._detail = replace(detail, request=without_passes(detail.request, detail.request.hires))
        self.means = means
        self._area = Area(large.denoise, large.guides) if large else Area()
        self._tiles = self._area.tiles(detail.layout(large.working)) if large else 0
        self._steps = self._tiles * self._detail.evaluations
        self._all_steps = detail.request.count * self._steps
        self._done = 0
        self._composed = ProgressReport(Phase.SAMPLING, 0, 1)

    def report(self, told: Report) -> None:
        """Take what is told of the composition of all variations."""
        if isinstance(told, PreviewReport) or told.phase is not Phase.SAMPLING:
            self.means.report(told)
            return
        self._composed = told
        left = told.seconds_left if self._done == self._all_steps else UNKNOWN
        self._tell(told, 0, left)

    def draw(self, painted: Painted, asked: Regenerate, seed: int) -> Finished:
        """Draw detail into a variation; LoRAs and textual inversions of its prompt are in place.

        Args:
            painted: The composition.
            asked: The request with the variation's prompts, without tags.
            seed: The variation's seed.
        """
        image, passes = painted
        crop, small = self._large, self._small
        if crop is None:
            return small, image, passes
        detail = replace(self._detail, request=without_passes(asked, asked.hires), seed=seed)
        before = self._enlarged(image, crop)
        overview = Overview(opencv.with_alpha(crop.trim(quantized(before, _BYTES))), crop.content)
        steps = Steps(self._detailing)
        rows = detailed(ArrayRows(before), detail, steps, overview, self._area)
        drawn = rows.read(0, crop.working.height)
        self._done += self._steps
        return crop, drawn, (*passes, detail.passed(self._tiles))

    def _enlarged(self, image: Floats, crop: Crop) -> Floats:
        """The composition at the large crop's size, and the picture as it was around it."""
        content = crop.content
        upscaler = _upscaler(self.means)
        # Again the one that was asked for last, so that nothing that is used is put away.
        self.means.shelf.get(self._detail.request.model, silent)
        small = np.ascontiguousarray(self._small.trim(image))
        relief = self._detail.ladder or NO_RELIEF
        enlarged = upscaler.enlarge(small, content, self._pausing, relief)
        shown = unit(scaled(crop.blend, content))[..., None]
        before = crop.trim(crop.image)
        mixed: Floats = before + (enlarged - before) * shown
        return opencv.extended(
            mixed, crop.working.width - content.width, crop.working.height - content.height
        )

    def _detailing(self, told: Report) -> None:
        if isinstance(told, PreviewReport):
            self.means.report(told)
            return
        is_last = self._done + self._steps == self._all_steps
        self._tell(
            self._composed, told.step, told.seconds_left if is_last else UNKNOWN, told.detail
        )

    def _pausing(self, told: Report) -> None:
        self._tell(self._composed, 0, UNKNOWN)

    def _tell(self, composed: ProgressReport, step: int, left: float, detail: str = "") -> None:
        of = composed.of + self._all_steps
        # Where memory ran out, some of it is done once more.
        done = min(of, composed.step + self._done + step)
        self.means.report(ProgressReport(Phase.SAMPLING, done, of, left, detail or composed.detail))


def _upscaler(means: Means) -> Upscaler:
    """Scumble's own, or Lanczos where that is not there."""
    try:
        upscaler = means.shelf.get(UPSCALER, silent)
    except RequestError:
        return Lanczos()
    return upscaler if isinstance(upscaler, Upscaler) else Lanczos()
