"""From a canvas to a request: what is read of it, and what is refused before anything is sent."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from scumble_protocol.blobs import blob_id
from scumble_protocol.client import Draft
from scumble_protocol.editor.canvas import Canvas, Margins, Snapshot, Source
from scumble_protocol.editor.context import choose_context
from scumble_protocol.editor.guide_pictures import check_guides, name_guides, read_guides
from scumble_protocol.editor.settings import NO_BLOB, Area, Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.limits import check_request
from scumble_protocol.messages import Limits, ModelInfo
from scumble_protocol.pixels import PixelFormat, Pixels
from scumble_protocol.requests import Refinement, Regenerate, Remove, Request, ShowMask, Upscale

_SEEDS = 2**32
"""New seeds are below this, so that they are short enough to be written down."""


def draft_regeneration(
    canvas: Canvas, settings: Settings, model: ModelInfo, limits: Limits
) -> Draft:
    """Read what a regeneration of the selection needs from the canvas, and nothing else.

    Raises:
        RequestError: Nothing is selected, a layer is gone, or the area or a prompt is above the
            limits. Nothing was read from the canvas then but the selection.
    """
    selection = _selection(canvas)
    request = _regeneration(canvas, selection, canvas.bounds(), settings, model)
    check_request(request, limits)
    mask = _mask(canvas, request)
    return _draft(request, canvas, settings, mask)


def draft_expansion(
    canvas: Canvas, settings: Settings, margins: Margins, model: ModelInfo, limits: Limits
) -> Draft:
    """Expand the canvas, and read what filling the added space needs.

    Raises:
        RequestError: The margins are all 0, or what they make is above the limits. The canvas is
            then as it was.
    """
    old = canvas.bounds()
    size = margins.around(old)
    request = _regeneration(canvas, _added(margins, size), size, settings, model)
    check_request(request, limits)
    check_guides(canvas, settings)
    kept = Rect(margins.left, margins.top, old.width, old.height)
    canvas.expand(margins)
    return _draft(request, canvas, settings, partial(_all_but, kept, request.context))


def draft_removal(canvas: Canvas, settings: Settings, limits: Limits) -> Draft:
    """Read what taking the selection away without a model needs. Raises as `draft_regeneration`."""
    selection = _selection(canvas)
    settings = settings.with_mask_for(selection)
    context = choose_context(
        selection,
        canvas.bounds(),
        grow=settings.grow or 0,
        feather=settings.feather or 0,
        # What goes on in its place comes from around it: as much again on every side, and enough
        # to find several leaves or stones to choose from.
        padding=max(settings.padding, min(512, max(128, selection.width, selection.height))),
        native_side=0,
    )
    request = Remove(
        grow=settings.grow or 0,
        feather=settings.feather or 0,
        canvas=canvas.bounds(),
        context=context,
        image=ImageRef(NO_BLOB, context.size, canvas.depth()),
        mask=ImageRef(NO_BLOB, context.size, PixelFormat.GRAY8),
        seed=_seed(settings),
    )
    check_request(request, limits)
    mask = _mask(canvas, request)
    return _draft(request, canvas, settings, mask)


def draft_mask(canvas: Canvas, settings: Settings, model: ModelInfo, limits: Limits) -> Draft:
    """Read the selection, to be shown as a regeneration would use it."""
    selection = _selection(canvas)
    regeneration = _regeneration(canvas, selection, canvas.bounds(), settings, model)
    check_request(regeneration, limits)
    request = ShowMask(
        strength=regeneration.strength,
        grow=regeneration.grow,
        feather=regeneration.feather,
        invert=regeneration.invert,
        canvas=regeneration.canvas,
        context=regeneration.context,
        mask=regeneration.mask,
    )
    mask = canvas.read_mask(request.context)
    return _sending({"mask": lambda: mask}, lambda named: replace(request, mask=named["mask"]))


def draft_enlargement(
    canvas: Canvas,
    scale: float,
    model: ModelInfo,
    limits: Limits,
    *,
    second: str = "",
    blend: float = 0.0,
    refinement: Refinement | None = None,
) -> Draft:
    """Read the whole canvas, to be enlarged by this factor; the rest is as in `Upscale`.

    Raises:
        RequestError: The factor is illegal, or the picture or its enlargement is above the limits.
    """
    size = canvas.bounds()
    request = Upscale(
        model.id,
        scale,
        canvas=size,
        context=Rect.of(size),
        image=ImageRef(NO_BLOB, size, canvas.depth()),
        second=second,
        blend=blend,
        refinement=refinement,
    )
    check_request(request, limits)
    pixels = canvas.read(request.context, Source.VISIBLE)
    return _sending({"image": pixels}, lambda named: replace(request, image=named["image"]))


def refinement(settings: Settings, strength: float) -> Refinement:
    """How a model draws detail into an enlarged picture, by a painter's settings."""
    return Refinement(
        model=settings.model,
        prompt=settings.prompt,
        negative=settings.negative,
        strength=strength,
        sampler=settings.sampler,
        schedule=settings.schedule,
        steps=settings.steps,
        cfg=settings.cfg,
        seed=_seed(settings),
    )


def _regeneration(
    canvas: Canvas, area: Rect, size: Size, settings: Settings, model: ModelInfo
) -> Regenerate:
    settings = settings.with_mask_for(area)
    is_whole = settings.area is Area.WHOLE or settings.invert or settings.target is not None
    context = choose_context(
        Rect.of(size) if is_whole else area,
        size,
        grow=settings.grow or 0,
        feather=settings.feather or 0,
        padding=settings.padding,
        native_side=model.native_side,
    )
    return replace(settings, model=model.id).request(
        _seed(settings),
        canvas=size,
        context=context,
        image=ImageRef(NO_BLOB, context.size, canvas.depth()),
        mask=ImageRef(NO_BLOB, context.size, PixelFormat.GRAY8),
    )


def _seed(settings: Settings) -> int:
    return secrets.randbelow(_SEEDS) if settings.seed is None else settings.seed


def _selection(canvas: Canvas) -> Rect:
    selection = canvas.selection()
    if selection is None:
        raise _nothing_selected()
    return selection


def _mask(canvas: Canvas, request: Regenerate | Remove) -> Snapshot:
    mask = canvas.read_mask(request.context)
    if mask.data == bytes(len(mask.data)):
        raise _nothing_selected()
    return lambda: mask


def _added(margins: Margins, size: Size) -> Rect:
    """The bounds of what expanding adds: a strip if only one side grows, else reaching around."""
    if margins == Margins():
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "The picture would not become any larger.",
            "Enter how many pixels to add to at least one side.",
        )
    left, right = 0, size.width
    top, bottom = 0, size.height
    if not (margins.top or margins.bottom):
        left = 0 if margins.left else size.width - margins.right
        right = size.width if margins.right else margins.left
    if not (margins.left or margins.right):
        top = 0 if margins.top else size.height - margins.bottom
        bottom = size.height if margins.bottom else margins.top
    return Rect.edges(left, top, right, bottom)


def _all_but(kept: Rect, context: Rect) -> Pixels:
    """A mask of the context that is black inside the kept rectangle, and white around it."""
    white_row = b"\xff" * context.width
    inside = kept.intersect(context)
    if inside is None:
        rows = white_row * context.height
    else:
        before, after = inside.x - context.x, context.right - inside.right
        row = b"\xff" * before + bytes(inside.width) + b"\xff" * after
        above, below = inside.y - context.y, context.bottom - inside.bottom
        rows = white_row * above + row * inside.height + white_row * below
    return Pixels(context.size, PixelFormat.GRAY8, rows)


def _draft(
    request: Regenerate | Remove, canvas: Canvas, settings: Settings, mask: Snapshot
) -> Draft:
    """The request with its pictures, brought into form when the draft is called."""
    snapshots = {"image": canvas.read(request.context, settings.source), "mask": mask}
    if isinstance(request, Remove):
        return _sending(
            snapshots, lambda named: replace(request, image=named["image"], mask=named["mask"])
        )
    snapshots |= read_guides(canvas, settings, request.context)
    return _sending(
        snapshots,
        lambda named: replace(
            request, image=named["image"], mask=named["mask"], **name_guides(settings, named)
        ),
    )


def _sending(
    snapshots: Mapping[str, Snapshot], request: Callable[[Mapping[str, ImageRef]], Request]
) -> Draft:
    def draft() -> tuple[Request, Mapping[str, bytes]]:
        images = {name: snapshot() for name, snapshot in snapshots.items()}
        named = {
            name: ImageRef(blob_id(pixels.data), pixels.size, pixels.format)
            for name, pixels in images.items()
        }
        blobs = {named[name].blob: pixels.data for name, pixels in images.items()}
        return request(named), blobs

    return draft


def _nothing_selected() -> RequestError:
    return RequestError(
        ErrorCode.EMPTY_SELECTION,
        "Nothing is selected.",
        "Select the area that should be made anew.",
    )
