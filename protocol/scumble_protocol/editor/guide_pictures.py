"""The pictures of controls, references and regions, from the layers that a painter chose."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from scumble_protocol.editor.canvas import Canvas, LayerInfo, Snapshot
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat, Pixels


def read_guides(canvas: Canvas, settings: Settings, context: Rect) -> Mapping[str, Snapshot]:
    """What all guides need of the canvas, by names that `name_guides` knows.

    Raises:
        RequestError: A layer is gone, or a reference's layer is empty.
    """
    layers = {layer.id: layer for layer in canvas.layers()} if _names_layers(settings) else {}

    def read(layer: str, rect: Rect) -> Snapshot:
        if not layer:
            return canvas.read(rect, settings.source)
        return canvas.read_layer(layer, rect)

    found: dict[str, Snapshot] = {}
    for number, control in enumerate(settings.controls):
        found[f"control {number}"] = read(control.layer, context)
    for number, reference in enumerate(settings.references):
        rect = _bounds(layers, reference.layer) if reference.layer else context
        found[f"reference {number}"] = read(reference.layer, rect)
    for number, region in enumerate(settings.regions):
        found[f"region {number}"] = partial(_alpha, read(region.layer, context))
    return found


def check_guides(canvas: Canvas, settings: Settings) -> None:
    """Refuse guides whose layers `read_guides` would not find.

    Raises:
        RequestError: A layer is gone, or a reference's layer is empty.
    """
    named = [control.layer for control in settings.controls if control.layer]
    named += [reference.layer for reference in settings.references if reference.layer]
    named += [region.layer for region in settings.regions if region.layer]
    if not named:
        return
    layers = {layer.id: layer for layer in canvas.layers()}
    if not layers.keys() >= set(named):
        raise RequestError(
            ErrorCode.BAD_PICTURE,
            "The layer of a control, reference or region is gone.",
            "Choose another layer.",
        )
    for reference in settings.references:
        if reference.layer:
            _bounds(layers, reference.layer)


def name_guides(settings: Settings, images: Mapping[str, ImageRef]) -> dict[str, Any]:
    """The fields of a request that hold the guides."""
    return {
        "controls": tuple(
            control.control(images[f"control {number}"])
            for number, control in enumerate(settings.controls)
        ),
        "references": tuple(
            reference.reference(images[f"reference {number}"])
            for number, reference in enumerate(settings.references)
        ),
        "regions": tuple(
            region.region(images[f"region {number}"])
            for number, region in enumerate(settings.regions)
        ),
    }


def _names_layers(settings: Settings) -> bool:
    return any(reference.layer for reference in settings.references)


def _bounds(layers: Mapping[str, LayerInfo], layer: str) -> Rect:
    bounds = layers[layer].bounds if layer in layers else None
    if bounds is None:
        raise RequestError(
            ErrorCode.BAD_PICTURE,
            "The layer of a reference is gone, or has nothing in it.",
            "Choose another layer.",
        )
    return bounds


def _alpha(read: Snapshot) -> Pixels:
    """How opaque a layer is, as a mask; of 16 bits the upper 8 count."""
    pixels = read()
    size = pixels.format.bytes_per_pixel
    return Pixels(pixels.size, PixelFormat.GRAY8, bytes(pixels.data[size - 1 :: size]))
