"""From an order to the job that the studio starts for it."""

from __future__ import annotations

import dataclasses

from scumble_protocol.editor.draft import refinement
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.sketch import sketch_settings
from scumble_protocol.editor.studio import Studio
from scumble_protocol.editor.styles import Styles
from scumble_protocol.messages import ModelKind


def start(studio: Studio, order: Order, styles: Styles) -> str:
    """Have done what an order says, on the studio's canvas; returns the job's id.

    Raises:
        RequestError: It can't be done; the sentence says why. Nothing was changed then.
        PeerError: No server has been reached yet.
    """
    order = worded(order, styles)
    settings = order.effective
    if order.mode is Mode.UPSCALE:
        return _upscale(studio, order)
    if order.mode is Mode.EXPAND:
        return studio.expand(settings, order.margins)
    if order.mode is Mode.REMOVE and not (order.refine and _has_model(studio)):
        return studio.remove(settings)
    if order.mode is Mode.SKETCH:
        settings = sketch_settings(settings, studio.models)
    if order.mode is Mode.SKETCH:
        settings = sketch_settings(settings, studio.models)
    return studio.regenerate(settings)


def worded(order: Order, styles: Styles) -> Order:
    """The order with its style's words around the prompts.

    Raises:
        RequestError: There is no such style, or its file can't be read.
    """
    if not order.style:
        return order
    settings = styles.get(order.style).worded(order.settings)
    return dataclasses.replace(order, settings=settings, style="")


def _upscale(studio: Studio, order: Order) -> str:
    refined = refinement(order.settings, order.refine) if order.refine else None
    return studio.upscale(
        order.scale,
        order.upscaler,
        second=order.second,
        blend=order.blend,
        refinement=refined,
    )


def _has_model(studio: Studio) -> bool:
    return any(model.kind is ModelKind.DIFFUSION for model in studio.models)
