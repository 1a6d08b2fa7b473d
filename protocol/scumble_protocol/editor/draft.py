"""From a canvas to a request: what is read of it, and what is refused before anything is sent."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from scumble_protocol.blobs import blob_id
from scumble_protocol.client import Draft
from scumble_protocol.editor.canvas import Canvas
from scumble_protocol.editor.context import choose_context
from scumble_protocol.editor.settings import NO_BLOB, Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect
from scumble_protocol.limits import check_request
from scumble_protocol.messages import Limits, ModelInfo
from scumble_protocol.pixels import PixelFormat, Pixels
from scumble_protocol.requests import ImageRef, Request, Upscale

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
    size = canvas.bounds()
    context = choose_context(
        selection,
        size,
        grow=settings.grow,
        feather=settings.feather,
        padding=settings.padding,
        native_side=model.native_side,
    )
    request = replace(settings, model=model.id).request(
        secrets.randbelow(_SEEDS),
        canvas=size,
        context=context,
        image=ImageRef(NO_BLOB, context.size, canvas.depth()),
        mask=ImageRef(NO_BLOB, context.size, PixelFormat.GRAY8),
    )
    check_request(request, limits)
    mask = canvas.read_mask(context)
    if mask.data.count(0) == len(mask.data):
        raise _nothing_selected()
    return _draft(partial(replace, request), image=canvas.read(context), mask=mask)


def draft_enlargement(canvas: Canvas, scale: float, model: ModelInfo, limits: Limits) -> Draft:
    """Read the whole canvas, to be enlarged by this factor.

    Raises:
        RequestError: The factor is illegal, or the picture or its enlargement is above the limits.
    """
    size = canvas.bounds()
    image = ImageRef(NO_BLOB, size, canvas.depth())
    request = Upscale(model.id, scale, canvas=size, context=Rect.of(size), image=image)
    check_request(request, limits)
    return _draft(partial(replace, request), image=canvas.read(request.context))


def _draft(request_with: Callable[..., Request], **images: Pixels) -> Draft:
    """The request with these pictures; their ids are computed when the draft is called."""

    def draft() -> tuple[Request, Mapping[str, bytes]]:
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
