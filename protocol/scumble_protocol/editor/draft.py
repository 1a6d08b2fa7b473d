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
from scumble_protocol.editor.settings import NO_BLOB, Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.limits import check_request
from scumble_protocol.messages import Limits, ModelInfo
from scumble_protocol.pixels import PixelFormat, Pixels
from scumble_protocol.requests import ImageRef, Regenerate, Request, Upscale

_SEEDS = 2**32
"""New seeds are below this, so that they are short enough to be written down."""


def draft_regeneration(
    canvas: Canvas, settings: Settings, model: ModelInfo, limits: Limits
) -> Draft:
    """Read what a regeneration of the selection needs from the canvas, and nothing else.

    Raises:
        RequestError: Nothing is selected, or the area or a prompt is above the limits. Nothing was
            read from the canvas then but the selection.
    """
    selection = canvas.selection()
    if selection is None:
        raise _nothing_selected()
    request = _regeneration(canvas, selection, canvas.bounds(), settings, model)
    check_request(request, limits)
    mask = canvas.read_mask(request.context)
    if mask.data == bytes(len(mask.data)):
        raise _nothing_selected()
    image = canvas.read(request.context, settings.source)
    return _draft(partial(replace, request), image=image, mask=lambda: mask)


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
    kept = Rect(margins.left, margins.top, old.width, old.height)
    canvas.expand(margins)
    image = canvas.read(request.context, settings.source)
    mask = partial(_all_but, kept, request.context)
    return _draft(partial(replace, request), image=image, mask=mask)


def draft_enlargement(canvas: Canvas, scale: float, model: ModelInfo, limits: Limits) -> Draft:
    """Read the whole canvas, to be enlarged by this factor.

    Raises:
        RequestError: The factor is illegal, or the picture or its enlargement is above the limits.
    """
    size = canvas.bounds()
    image = ImageRef(NO_BLOB, size, canvas.depth())
    request = Upscale(model.id, scale, canvas=size, context=Rect.of(size), image=image)
    check_request(request, limits)
    pixels = canvas.read(request.context, Source.VISIBLE)
    return _draft(partial(replace, request), image=pixels)


def _regeneration(
    canvas: Canvas, area: Rect, size: Size, settings: Settings, model: ModelInfo
) -> Regenerate:
    context = choose_context(
        area,
        size,
        grow=settings.grow,
        feather=settings.feather,
        padding=settings.padding,
        native_side=model.native_side,
    )
    return replace(settings, model=model.id).request(
        secrets.randbelow(_SEEDS),
        canvas=size,
        context=context,
        image=ImageRef(NO_BLOB, context.size, canvas.depth()),
        mask=ImageRef(NO_BLOB, context.size, PixelFormat.GRAY8),
    )


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


def _draft(request_with: Callable[..., Request], **snapshots: Snapshot) -> Draft:
    """The request with these pictures, brought into form when the draft is called."""

    def draft() -> tuple[Request, Mapping[str, bytes]]:
        images = {name: snapshot() for name, snapshot in snapshots.items()}
        named = {
            name: ImageRef(blob_id(pixels.data), pixels.size, pixels.format)
            for name, pixels in images.items()
        }
        blobs = {named[name].blob: pixels.data for name, pixels in images.items()}
        return request_with(**named), blobs

    return draft


def _nothing_selected() -> RequestError:
    return RequestError(
        ErrorCode.EMPTY_SELECTION,
        "Nothing is selected.",
        "Select the area that should be made anew.",
    )
