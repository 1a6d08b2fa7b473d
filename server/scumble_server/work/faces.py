"""Only the faces under a selection, each made anew at the size that suits the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Phase
from scumble_server.models.shortage import SHORTAGES
from scumble_server.pixels import opencv
from scumble_server.pixels.compose import Layer, compose
from scumble_server.pixels.masks import bounds, soften
from scumble_server.pixels.opencv import Mask, Picture
from scumble_server.pixels.prepare import prepare
from scumble_server.pixels.resizing import covering
from scumble_server.prompts.wording import PromptUsed, Wording
from scumble_server.work.ladder import Ladder
from scumble_server.work.made import Made
from scumble_server.work.overview import Overview
from scumble_server.work.painting import Painted, paint
from scumble_server.work.report import UNKNOWN, PreviewReport, ProgressReport, Report, Reporter
from scumble_server.work.variations import seeds_of, telling

if TYPE_CHECKING:
    from scumble_protocol.messages import Pass
    from scumble_protocol.requests import Regenerate
    from scumble_server.models.model import Model
    from scumble_server.pixels.crop import Crop
    from scumble_server.work.means import Means

_SURROUNDINGS = 2.0
"""Side of what the model sees, in sides of a face as it was found: the head, and a little more."""
_HALF_WIDTH = 0.6
_HALF_HEIGHT = 0.78
"""Half axes of the ellipse that is made anew, in sides of a face as it was found."""
_LOWER = 0.12
"""How far below the middle of what was found a face's middle is, in its sides."""
_RIM = 0.25
"""Width of the ellipse's soft rim, in half axes, inside of it."""


@dataclass(frozen=True, eq=False)
class Face:
    """A face to make anew.

    Args:
        place: What the model sees of the picture, in its pixels.
        mask: uint8 (height, width) of that place: what is made anew, and how strongly.
    """

    place: Rect
    mask: Mask


def faces_under(request: Regenerate, picture: Picture, selection: Mask) -> tuple[Face, ...]:
    """The faces that a request asks for.

    Raises:
        RequestError: None is there, or the request has guides, which belong to the whole picture.
    """
    from scumble_server.work.face_finding import find_faces  # it takes a while to import

    if request.controls or request.references or request.regions:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "Faces alone can't be guided by controls, references or regions.",
            "Leave these out, or make more than the faces anew.",
        )
    soft = soften(selection, request.grow, request.feather)
    faces = tuple(_face(found, soft) for found in find_faces(picture, soft))
    if not faces:
        raise RequestError(
            ErrorCode.EMPTY_SELECTION,
            "No face was found in the selection.",
            "Select one that looks out of the picture, or make more than the faces anew.",
        )
    return faces


def _face(found: Rect, soft: Mask) -> Face:
    height, width = soft.shape
    x, y = found.x + found.width / 2, found.y + found.height * (0.5 + _LOWER)
    half = round(found.width * _SURROUNDINGS / 2)
    around = Rect.edges(round(x) - half, round(y) - half, round(x) + half, round(y) + half)
    place = around.intersect(Rect.of(Size(width, height))) or found
    across = (np.arange(place.x, place.right) + 0.5 - x) / (found.width * _HALF_WIDTH)
    down = (np.arange(place.y, place.bottom) + 0.5 - y) / (found.height * _HALF_HEIGHT)
    distance = np.hypot(across[None, :], down[:, None])
    ellipse = np.rint(255 * np.clip((1 - distance) / _RIM, 0, 1)).astype(np.uint8)
    return Face(place, np.minimum(ellipse, soft[place.y : place.bottom, place.x : place.right]))


def remake(
    faces: tuple[Face, ...],
    request: Regenerate,
    picture: Picture,
    wordings: tuple[Wording, ...],
    *,
    model: Model,
    means: Means,
) -> tuple[Made, ...]:
    """A layer for each variation, with all faces anew and nothing else."""
    if request.hires:
        means.note("Faces are made at the model's own size; no pass drew more detail into them.")
    progress = _Progress(means.report, picture, request.count * len(faces))
    made = []
    for seed, said in zip(seeds_of(request), wordings, strict=True):
        with Ladder(model, means) as ladder, ladder.using(said):
            count = model.measure(said.text)
            remade = Remade(picture)
            for face in faces:
                means.watch.enter("preparing")
                asked, report = said.asked(request), progress.of(face)
                remade.add(face, asked, seed, model=model, ladder=ladder, report=report)
        used = PromptUsed(said.prompt, said.negative, count.tokens, count.chunks)
        layer = remade.layer(request.context)
        made.append(Made(layer, seed, used, remade.passes))
    return tuple(made)


class Remade:
    """A picture whose faces are made anew one after the other.

    Args:
        picture: As it was sent.
    """

    def __init__(self, picture: Picture) -> None:
        self.passes: tuple[Pass, ...] = ()
        self._flat = picture.copy()
        self._pixels = picture.copy()
        self._mask = np.zeros(picture.shape[:2], np.uint8)
        self._count = 0

    def add(
        self,
        face: Face,
        request: Regenerate,
        seed: int,
        *,
        model: Model,
        ladder: Ladder,
        report: Reporter,
    ) -> None:
        """Make a face anew, in the picture as it is by now, as large as memory allows."""
        before = self.before(face)
        crop, (image, passes) = _painted(
            face, before, request, seed, model=model, ladder=ladder, report=report
        )
        layer = compose(crop, image, strength=request.strength, match_color=request.match_color)
        self.put(face, layer)
        self.passes = tuple(
            replace(ran, name=ran.name.replace("pass 1", "faces"), tiles=self._count)
            for ran in passes
        )

    def before(self, face: Face) -> Picture:
        """What there is by now where a face is."""
        return np.ascontiguousarray(self._flat[_slices(face.place)])

    def put(self, face: Face, piece: Layer) -> None:
        """Take a face that was made anew, as a layer over its place."""
        self._count += 1
        self._flat[_slices(face.place)] = covering(piece, self.before(face)).pixels
        layer = replace(piece, rect=piece.rect.moved(face.place.x, face.place.y))
        area = _slices(layer.rect)
        # Where two faces meet, the one before shows through the rim of this one.
        both = np.minimum(self._mask[area], layer.mask)
        made = opencv.copied(layer.pixels, layer.mask, onto=self._pixels[area])
        self._pixels[area] = opencv.copied(self._flat[area], both, onto=made)
        self._mask[area] = np.maximum(self._mask[area], layer.mask)

    def layer(self, context: Rect) -> Layer:
        """All of them as one layer on the canvas."""
        shown = bounds(self._mask)
        area = _slices(shown)
        return Layer(shown.moved(context.x, context.y), self._pixels[area], self._mask[area])


def _painted(
    face: Face,
    before: Picture,
    request: Regenerate,
    seed: int,
    *,
    model: Model,
    ladder: Ladder,
    report: Reporter,
) -> tuple[Crop, Painted]:
    """A face made anew, as large as memory allows, and the crop that it was made on."""
    spec = model.spec
    while True:
        crop = prepare(_of_piece(request, face.place), before, face.mask, spec)
        painting = partial(paint, crop, model, request, (seed,), telling(report, crop, 0, 1))
        try:
            return crop, ladder.relieved(painting)[0]
        except SHORTAGES as error:
            spec = ladder.smaller(spec, crop.working, error)


def _slices(place: Rect) -> tuple[slice, slice]:
    return np.s_[place.y : place.bottom, place.x : place.right]


def _of_piece(request: Regenerate, place: Rect) -> Regenerate:
    """The request for a piece of the picture, whose mask is final."""
    size = place.size
    return replace(
        request,
        context=Rect.of(size),
        canvas=size,
        image=replace(request.image, size=size),
        mask=replace(request.mask, size=size),
        target=None,
        grow=0,
        feather=0,
    )


class _Progress:
    """Tells of all faces of all variations as one run, and shows the whole picture.

    Args:
        report: Told of them.
        picture: The picture that they are in.
        count: How many there are.
    """

    def __init__(self, report: Reporter, picture: Picture, count: int) -> None:
        self._report = report
        self._overview = Overview(picture, Size(picture.shape[1], picture.shape[0]))
        self._count = count
        self._begun = 0

    def of(self, face: Face) -> Reporter:
        """A reporter for the next face."""
        number = self._begun
        self._begun += 1

        def tell(told: Report) -> None:
            if isinstance(told, PreviewReport):
                self._overview.show(opencv.unit(told.pixels[..., :3]), face.place)
                self._report(self._overview.report())
            elif told.phase is Phase.SAMPLING:
                self._report(self._of_all(told, number))
            else:
                self._report(told)

        return tell

    def _of_all(self, told: ProgressReport, number: int) -> ProgressReport:
        left = told.seconds_left if number + 1 == self._count else UNKNOWN
        words = f"face {number + 1} of {self._count}" if self._count > 1 else told.detail
        step, of = number * told.of + told.step, self._count * told.of
        return replace(told, step=step, of=of, seconds_left=left, detail=words)
