"""A diffusion model draws detail into a picture, tile by tile."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import ControlKind
from scumble_protocol.messages import Pass, Phase
from scumble_server.control.guides import NO_GUIDES, ControlGuide, Guides, Influence
from scumble_server.pixels import opencv
from scumble_server.pixels.crop import Crop
from scumble_server.pixels.opencv import Floats
from scumble_server.sampling.steps import steps_run
from scumble_server.upscale.tiled import Layout, TiledRows
from scumble_server.upscale.tiles import Span, spans
from scumble_server.work.report import PreviewReport, Report, Reporter

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate
    from scumble_server.control.addition import ControlNetwork
    from scumble_server.models.model import Model
    from scumble_server.spec import ModelSpec
    from scumble_server.upscale.rows import Rows
    from scumble_server.upscale.steps import Steps
    from scumble_server.work.ladder import Ladder
    from scumble_server.work.overview import Overview

OVERLAP = 64
"""Pixels that neighbouring tiles share where nobody says."""
_BYTES = np.empty(0, np.uint8)

_TINT = 2
"""What is coarser than so many latents is colour, which no detail is to change."""
_TINT_KEPT_TO = 0.5
"""Up to this strength the colours stay; from there to 1 the model gets a free hand."""


@dataclass(frozen=True, eq=False)
class Detail:
    """What detail is drawn with.

    Args:
        model: The model; LoRAs and textual inversions of the prompt are in place.
        request: Prompts without tags, the strength, above 0, and how to sample.
        seed: Decides the noise of the whole, of which tiles take what lies under them.
        tile: Side of a tile, or 0 for the one that suits the model.
        overlap: Pixels that neighbouring tiles share.
        control: A tile ControlNet, which is shown every tile as it was.
        ladder: What is done where memory is short for a tile; None leaves it to the caller.
    """

    model: Model
    request: Regenerate
    seed: int
    tile: int = 0
    overlap: int = OVERLAP
    control: ControlNetwork | None = None
    ladder: Ladder | None = None

    @property
    def side(self) -> int:
        """The side of a tile that the model can do, nearest to the one asked for."""
        return tile_side(self.tile, self.model.spec)

    def sample(self, crop: Crop, report: Reporter) -> Floats:
        """A tile as the model makes it anew."""

        def work() -> Floats:
            (image,) = self.model.sample(crop, self.request, (self.seed,), report)
            return image

        return self.ladder.relieved(work) if self.ladder else work()

    @property
    def evaluations(self) -> int:
        """How many steps a tile takes; none at strength 0."""
        request = self.request
        if not request.strength:
            return 0
        return steps_run(request.steps, request.strength, full=request.full_steps)

    def layout(self, size: Size) -> Layout:
        """The tiles of a picture, which begin on whole latents."""
        grid, side = self.model.spec.latent_scale, self.side
        overlap = min(self.overlap, side // 2 - grid)
        return Layout(
            on_grid(size.height, side, overlap, grid), on_grid(size.width, side, overlap, grid)
        )

    def passed(self, tiles: int) -> Pass:
        """What is said of it in the recipe."""
        side, strength = self.side, self.request.strength
        return Pass("detail", Size(side, side), strength, self.evaluations, max(1, tiles))


def tile_side(asked: int, spec: ModelSpec) -> int:
    """The side of square tiles that a model can do, nearest to the one asked for.

    Args:
        asked: In pixels; 0 for the model's native side.
        spec: The model's needs.
    """
    most = min(spec.max_side, math.isqrt(spec.max_pixels))
    side = min(max(asked or spec.native_side, spec.min_side), most)
    return max(side // spec.multiple, 1) * spec.multiple


@dataclass(frozen=True, eq=False)
class Area:
    """Where detail is wanted.

    Args:
        denoise: float32 (height, width) of the picture: local strength; None for 1 everywhere.
        guides: What guides the model besides its prompt, of the picture's size.
    """

    denoise: Floats | None = None
    guides: Guides = NO_GUIDES

    def is_wanted(self, place: Rect) -> bool:
        """Whether anything of a tile is to be made anew."""
        return self.denoise is None or bool(self.denoise[_slices(place)].any())

    def strength(self, place: Rect) -> Floats:
        """The local strength in a tile."""
        if self.denoise is None:
            return np.ones((place.height, place.width), np.float32)
        return self.denoise[_slices(place)]

    def tiles(self, layout: Layout) -> int:
        """How many tiles the model is asked for."""
        return sum(self.is_wanted(place) for place in layout.places)


EVERYWHERE = Area()


def detailed(
    source: Rows, detail: Detail, steps: Steps, overview: Overview, area: Area = EVERYWHERE
) -> Rows:
    """The picture with detail, made while it is read.

    Tiles where nothing is wanted stay as they are.

    Args:
        source: Three channels, 0 to 1, sRGB.
        detail: What it is drawn with.
        steps: Told at once how many tiles there are, and of every step.
        overview: Shows the whole picture while it grows.
        area: Where detail is wanted.
    """
    layout = detail.layout(source.size)
    tiles = area.tiles(layout)
    steps.expect(tiles, detail.evaluations)
    numbers = itertools.count(1)

    def work(tile: Floats, place: Rect) -> Floats:
        if not area.is_wanted(place):
            return tile
        words = f"tile {next(numbers)} of {tiles}"
        steps.begin(detail.evaluations, words)
        crop = _crop(np.clip(tile, 0, 1), place, detail, area)
        image = detail.sample(crop, _telling(steps, overview, place, words))
        made = _same_tint(image, crop.image, detail)[: place.height, : place.width]
        overview.show(made, place)
        return made

    return TiledRows(source, layout, 1, work)


def _crop(tile: Floats, place: Rect, detail: Detail, area: Area) -> Crop:
    """A tile as a model works on it: padded, where the picture is smaller than that."""
    spec = detail.model.spec
    width, height = (
        math.ceil(max(side, spec.min_side) / spec.multiple) * spec.multiple
        for side in (place.width, place.height)
    )
    right, below = width - place.width, height - place.height
    strength = np.ascontiguousarray(area.strength(place))
    image = opencv.extended(np.ascontiguousarray(tile), right, below)
    guides = area.guides.cut(place).extended(right, below)
    if detail.control is not None:
        held = ControlGuide(ControlKind.TILE, image, detail.control, Influence())
        guides = replace(guides, controls=(*guides.controls, held))
    return Crop(
        context=place,
        content=place.size,
        working=Size(width, height),
        image=image,
        denoise=opencv.extended(strength, right, below),
        local=opencv.quantized(strength, _BYTES),
        blend=np.full((place.height, place.width), 255, np.uint8),
        original=opencv.with_alpha(opencv.quantized(tile, _BYTES)),
        guides=guides,
        piece=place,
    )


def _same_tint(image: Floats, before: Floats, detail: Detail) -> Floats:
    """The image with the coarse colours that were there.

    Models and VAEs let them drift, which would show from tile to tile.
    """
    share = min(1.0, (1 - detail.request.strength) / (1 - _TINT_KEPT_TO))
    sigma = _TINT * detail.model.spec.latent_scale
    drift = opencv.gaussian_blurred(before - image, sigma)
    kept: Floats = np.clip(image + np.float32(share) * drift, 0, 1)
    return kept


def _telling(steps: Steps, overview: Overview, place: Rect, words: str) -> Reporter:
    def tell(told: Report) -> None:
        if isinstance(told, PreviewReport):
            overview.show(opencv.unit(told.pixels[..., :3]), place)
            steps.report(overview.report())
        elif told.phase is Phase.SAMPLING:
            steps.inside(told.step, told.of, words)
        else:
            steps.inside(int(told.phase is Phase.DECODING), 1, words)

    return tell


def on_grid(length: int, side: int, overlap: int, grid: int) -> tuple[Span, ...]:
    """Tiles along an axis that begin at multiples of `grid`; the last one ends with the axis."""
    cells = spans(-(-length // grid), side // grid, -(-overlap // grid))
    return tuple(Span(cell.start * grid, min(cell.stop * grid, length)) for cell in cells)


def _slices(place: Rect) -> tuple[slice, slice]:
    return np.s_[place.y : place.bottom, place.x : place.right]


def without_passes(request: Regenerate, strength: float) -> Regenerate:
    """A request for one tile: its strength, and nothing else that is done to the whole."""
    return replace(request, strength=strength, passes=(), hires=0.0, only_faces=False, batch=1)
