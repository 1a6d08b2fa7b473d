"""How much memory of the device a job will take, as far as that is known before it runs."""

from __future__ import annotations

import math
from typing import Protocol

from scumble_protocol.editor.context import choose_context
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Device, ModelInfo


class Selected(Protocol):
    """As much of a canvas as counts here."""

    def bounds(self) -> Size:
        """The size of the canvas."""
        ...

    def selection(self) -> Rect | None:
        """The bounds of what is selected, as `Canvas` has them."""
        ...


def working_size(order: Order, canvas: Size, selection: Rect, model: ModelInfo) -> Size | None:
    """About the size at which a model will work; None where no model works.

    Args:
        order: What is to be done.
        canvas: The picture's size.
        selection: The bounds of what is selected.
        model: The model that will do it.
    """
    if order.mode is Mode.UPSCALE or (order.mode is Mode.REMOVE and not order.refine):
        return None
    settings = order.effective.with_mask_for(selection)
    if order.mode is Mode.EXPAND:
        canvas = order.margins.around(canvas)
    is_whole = settings.area is Area.WHOLE or settings.invert or order.mode is Mode.EXPAND
    context = choose_context(
        Rect.of(canvas) if is_whole or settings.target else selection,
        settings.target or canvas,
        grow=settings.grow or 0,
        feather=settings.feather or 0,
        padding=settings.padding,
        native_side=model.native_side,
    ).size
    least = model.native_side / math.sqrt(context.pixels)
    most = (model.max_side or MAX) / max(context.width, context.height)
    factor = min(max(1.0, least), most)
    return Size(max(1, round(context.width * factor)), max(1, round(context.height * factor)))


MAX = 2**20
"""Stands for the longest side of a model that has none."""


def memory_text(
    model: ModelInfo, device: Device, working: Size, settings: Settings, tr: Translate
) -> str:
    """How much a job takes of what there is, for people; empty where that is not known."""
    if not model.memory or not device.memory:
        return ""
    batch = min(settings.batch, settings.count)
    needed = model.memory + model.memory_per_pixel * working.pixels * batch
    return tr(
        "About {needed:.1f} of {memory:.1f} GiB",
        needed=needed / 2**30,
        memory=device.memory / 2**30,
    )
