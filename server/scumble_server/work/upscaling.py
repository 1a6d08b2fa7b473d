"""A rectangle of the canvas, enlarged, with detail drawn into it where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import Control, ControlKind
from scumble_protocol.requests import Refinement, Regenerate, Upscale
from scumble_server.control.choosing import choose
from scumble_server.models.shortage import SHORTAGES
from scumble_server.pixels.compose import Layer
from scumble_server.prompts.wording import PromptUsed, word
from scumble_server.upscale.enlarge import Drawing, draw
from scumble_server.upscale.rows import MixedRows, Rows
from scumble_server.upscale.upscaler import Upscaler
from scumble_server.work.abilities import check_able
from scumble_server.work.detail import Detail, detailed, tile_side
from scumble_server.work.ladder import Ladder
from scumble_server.work.made import Made
from scumble_server.work.means import Means
from scumble_server.work.overview import Overview
from scumble_server.work.refinement import as_regenerate
from scumble_server.work.regenerate import diffusion_model

if TYPE_CHECKING:
    from scumble_protocol.messages import Pass
    from scumble_server.control.addition import ControlNetwork
    from scumble_server.models.model import Model
    from scumble_server.pixels.opencv import Picture
    from scumble_server.upscale.steps import Steps


def upscale(request: Upscale, means: Means) -> Made:
    """Enlarge a rectangle of the canvas; the layer lies on the enlarged canvas."""
    refinement, asked = request.refinement, as_regenerate(request)
    # Before anything is loaded: what is wrong with a prompt is mostly known by now.
    said = word(asked, asked.seed, means.library) if asked else None
    if asked and said:
        check_able(asked, (said,), means)
    picture = means.read(request.image)
    enlarging = _enlarging(request, means)
    if refinement is None or asked is None or said is None:
        means.watch.enter("sampling")
        with Ladder(None, means) as relief:
            pixels = draw(picture, request.target, enlarging.rows, means.report, relief)
        return Made(_layer(request, pixels), passes=enlarging.passes)
    model = diffusion_model(asked.model, means)
    with Ladder(model, means) as ladder, ladder.using(said):
        count = model.measure(said.text)
        detail = _detail(refinement, said.asked(asked), model, means)
        means.watch.enter("sampling")
        pixels, detail = _drawn(
            request, picture, enlarging, replace(detail, ladder=ladder), ladder=ladder, means=means
        )
    used = PromptUsed(said.prompt, said.negative, count.tokens, count.chunks)
    passes = (*enlarging.passes, detail.passed(detail.layout(request.target).count))
    return Made(_layer(request, pixels), asked.seed, used, passes)


@dataclass(frozen=True)
class _Enlarging:
    """One upscaler, or two whose results are mixed.

    Args:
        request: What to do.
        upscalers: By their ids, the first one first.
    """

    request: Upscale
    upscalers: dict[str, Upscaler]

    def rows(self, source: Rows, steps: Steps) -> Rows:
        """The enlarged colours."""
        target = self.request.target
        made = [upscaler.rows(source, target, steps) for upscaler in self.upscalers.values()]
        return made[0] if len(made) == 1 else MixedRows(made[0], made[1], self.request.blend)

    @property
    def passes(self) -> tuple[Pass, ...]:
        """What is run."""
        size, target = self.request.context.size, self.request.target
        return tuple(
            ran
            for name, upscaler in self.upscalers.items()
            for ran in upscaler.passes(name, size, target)
        )


def _enlarging(request: Upscale, means: Means) -> _Enlarging:
    """The upscalers that have a share in the result, in memory."""
    names = [request.model] if request.blend < 1 or not request.second else []
    if request.second and request.blend > 0 and request.second != request.model:
        names.append(request.second)
    names = names or [request.model]
    return _Enlarging(request, {name: _upscaler(name, means) for name in names})


def _upscaler(name: str, means: Means) -> Upscaler:
    upscaler = means.shelf.get(name, means.report)
    if not isinstance(upscaler, Upscaler):
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"{name} is no upscaler.",
            "Choose one, for instance lanczos.",
        )
    return upscaler


def _detail(refinement: Refinement, asked: Regenerate, model: Model, means: Means) -> Detail:
    """What the refinement draws with; notes what is not as asked for."""
    control = _tile_control(asked, model, means) if refinement.tile_control else None
    tile, overlap = refinement.tile, refinement.overlap
    detail = Detail(model, asked, asked.seed, tile, overlap, control)
    if tile and detail.side != tile:
        means.note(f"Tiles were {detail.side} pixels a side: the model can't do {tile}.")
    return detail


def _drawn(
    request: Upscale,
    picture: Picture,
    enlarging: _Enlarging,
    detail: Detail,
    *,
    ladder: Ladder,
    means: Means,
) -> tuple[Picture, Detail]:
    """The enlarged picture with detail, and what it was drawn with: tiles that memory allows."""
    overview = Overview(picture, request.target)
    spec, asked = detail.model.spec, detail.tile
    while True:
        drawing = _drawing(enlarging, detail, overview)
        try:
            return draw(picture, request.target, drawing, means.report, ladder), detail
        except SHORTAGES as error:
            spec = ladder.smaller(spec, Size(detail.side, detail.side), error)
            detail = replace(detail, tile=tile_side(asked, spec))


def _drawing(enlarging: _Enlarging, detail: Detail, overview: Overview) -> Drawing:
    """Enlarges, and draws detail into what comes of it."""
    return lambda rows, steps: detailed(enlarging.rows(rows, steps), detail, steps, overview)


def _tile_control(asked: Regenerate, model: Model, means: Means) -> ControlNetwork | None:
    """The ControlNet that holds tiles to what is there; None, and a note, where there is none."""
    control = Control(ControlKind.TILE, asked.image, preprocess=False)
    try:
        chosen = choose(replace(asked, controls=(control,)), means.shelf.additions, model.spec.base)
    except RequestError as error:
        means.note(f"{error.message} The strength alone held the detail to what was there.")
        return None
    return means.shelf.addition(chosen.controls[0].network, means.report)


def _layer(request: Upscale, pixels: Picture) -> Layer:
    height, width = pixels.shape[:2]
    left, top = round(request.context.x * request.scale), round(request.context.y * request.scale)
    # Opaque everywhere, and no memory for it.
    mask = np.broadcast_to(np.uint8(255), (height, width))
    return Layer(Rect(left, top, width, height), pixels, mask)
