"""From a request's guides to those of a crop: pictures read, made and scaled, networks loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from scumble_protocol.guides import Control, ControlKind, Reference
from scumble_protocol.images import ImageRef
from scumble_protocol.requests import Regenerate
from scumble_server.control.addition import Box, PeopleFinder, Preprocessor
from scumble_server.control.choosing import ChosenControl, ChosenReference, choose
from scumble_server.control.guides import ControlGuide, Guides, Influence, ReferenceGuide
from scumble_server.control.preprocess import hidden, preprocessed
from scumble_server.pixels import opencv
from scumble_server.pixels.compose import Layer
from scumble_server.pixels.crop import Crop, scaled
from scumble_server.pixels.opencv import Floats, Samples, unit
from scumble_server.pixels.resizing import frame_of
from scumble_server.work.made import Made
from scumble_server.work.means import Means

if TYPE_CHECKING:
    from scumble_server.models.model import Model

TITLES = {
    ControlKind.CANNY: "Canny",
    ControlKind.SCRIBBLE: "Scribble",
    ControlKind.LINEART: "Line art",
    ControlKind.SOFT_EDGE: "Soft edges",
    ControlKind.DEPTH: "Depth",
    ControlKind.NORMAL: "Normals",
    ControlKind.POSE: "Pose",
    ControlKind.SEGMENTATION: "Segmentation",
    ControlKind.TILE: "Tile",
    ControlKind.BLUR: "Blur",
    ControlKind.INPAINT: "Inpaint",
}
"""What layers with control pictures are called."""


def check_guides(request: Regenerate, means: Means) -> None:
    """Refuse guides that can't be had, or don't fit a model that is known before it is loaded.

    Raises:
        RequestError: As `choose`.
    """
    if not _is_guided(request):
        return
    if spec := means.shelf.spec_of(request.model):
        choose(request, means.shelf.additions, spec.base)


def guided(crop: Crop, request: Regenerate, model: Model, means: Means) -> Crop:
    """The crop with the request's guides.

    Args:
        crop: The working picture.
        request: Whose guides are for the crop's context.
        model: The model that shall be guided.
        means: Gives pictures and networks.

    Raises:
        RequestError: As `choose`, or a network's files are damaged.
    """
    if not _is_guided(request):
        return crop
    chosen = choose(request, means.shelf.additions, model.spec.base)
    guides = Guides(
        controls=tuple(
            _control(control, use, crop, _Reading(request, means))
            for control, use in zip(request.controls, chosen.controls, strict=True)
        ),
        references=tuple(
            _reference(reference, use, means)
            for reference, use in zip(request.references, chosen.references, strict=True)
        ),
        regions=tuple(
            _padded(scaled(unit(_Reading(request, means)(region.mask)), crop.content), crop)
            for region in request.regions
        ),
    )
    return replace(crop, guides=guides)


def shown(crop: Crop, request: Regenerate) -> tuple[Made, ...]:
    """The control pictures that were asked for as layers, of the context's size."""
    return tuple(
        Made(_layer(crop, guide), title=TITLES[guide.kind])
        for control, guide in zip(request.controls, crop.guides.controls, strict=True)
        if control.show
    )


def _is_guided(request: Regenerate) -> bool:
    return bool(request.controls or request.references or request.regions or request.vae)


@dataclass(frozen=True)
class _Reading:
    """Reads pictures that belong to the canvas, and brings them to the size of the result."""

    request: Regenerate
    means: Means

    def __call__(self, image: ImageRef) -> Samples:
        samples = self.means.read(image)
        if self.request.target is None:
            return samples
        frame = frame_of(self.request)
        return frame.bring(samples) if samples.ndim == 2 else frame.bring_picture(samples)


def _control(control: Control, use: ChosenControl, crop: Crop, read: _Reading) -> ControlGuide:
    means = read.means
    picture, coverage = _flat(read(control.image))
    picture = scaled(picture, crop.content)
    if control.preprocess:
        coverage = None if coverage is None else scaled(coverage, crop.content)
        maker = None
        people: tuple[Box, ...] = ()
        if use.finder is not None:
            finder = cast("PeopleFinder", means.shelf.addition(use.finder, means.report))
            people = finder.people(picture)
        if use.maker is not None:
            maker = cast("Preprocessor", means.shelf.addition(use.maker, means.report))
        picture = preprocessed(control.kind, picture, coverage, maker, people)
    picture = _padded(picture, crop)
    if control.kind is ControlKind.INPAINT:
        picture = hidden(picture, crop.denoise)
    network = means.shelf.addition(use.network, means.report)
    return ControlGuide(control.kind, picture, network, _influence(control))


def _reference(reference: Reference, use: ChosenReference, means: Means) -> ReferenceGuide:
    picture, _ = _flat(means.read(reference.image))
    encoder = means.shelf.addition(use.encoder, means.report)
    network = means.shelf.addition(use.network, means.report)
    return ReferenceGuide(reference.kind, picture, network, encoder, _influence(reference))


def _influence(guide: Control | Reference) -> Influence:
    return Influence(guide.weight, guide.start, guide.end)


def _flat(samples: Samples) -> tuple[Floats, Floats | None]:
    """Colours (height, width, 3), and how opaque the layer was where it was transparent anywhere.

    What is transparent gets black or white, whatever is farther from what is drawn, so that it
    stands out as it does in the editor.
    """
    values = unit(samples)
    if values.ndim == 2:
        return np.repeat(values[..., None], 3, axis=2), None
    colors, coverage = np.ascontiguousarray(values[..., :3]), values[..., 3]
    if float(coverage.min()) == 1:
        return colors, None
    drawn = colors[coverage > 0.5]
    ground = np.float32(0 if drawn.size and float(drawn.mean()) > 0.5 else 1)
    share = coverage[..., None]
    return colors * share + ground * (1 - share), np.ascontiguousarray(coverage)


def _padded(picture: Floats, crop: Crop) -> Floats:
    right = crop.working.width - crop.content.width
    return opencv.extended(picture, right, crop.working.height - crop.content.height)


def _layer(crop: Crop, guide: ControlGuide) -> Layer:
    picture = opencv.quantized(np.clip(guide.picture, 0, 1), crop.original)
    pixels = opencv.with_alpha(crop.place(picture))
    mask = np.full(pixels.shape[:2], 255, np.uint8)
    return Layer(crop.context, pixels, mask)
