"""From a finished job to the layers that an editor puts into its canvas."""

from __future__ import annotations

from scumble_protocol.client import Result
from scumble_protocol.editor.canvas import Layer, ResultGroup
from scumble_protocol.editor.record import request_json
from scumble_protocol.editor.settings import Settings
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import ResultLayer
from scumble_protocol.pixels import Pixels
from scumble_protocol.requests import Regenerate, Remove, Request, Upscale

_LONGEST_NAME = 80


def result_group(result: Result, asked: Settings | None = None) -> ResultGroup:
    """The group of a job's layers: one per variation, the first visible.

    Args:
        result: What the job made.
        asked: The settings of which its request was made, where they are known still.

    Raises:
        ProtocolError: A layer's pixels do not fit its size.
    """
    request, notes = result.finished.request, result.finished.notes

    def pixels(ref: ImageRef) -> Pixels:
        return Pixels(ref.size, ref.format, result.blobs[ref.blob])

    layers = tuple(
        Layer(
            name=_layer_name(request, layer),
            rect=layer.rect,
            pixels=pixels(layer.image),
            mask=pixels(layer.mask),
            visible=number == 0,
            request_json=request_json(request, layer, notes, asked),
        )
        for number, layer in enumerate(result.finished.layers)
    )
    return ResultGroup(_group_name(request), layers)


def _group_name(request: Request) -> str:
    if isinstance(request, Regenerate):
        name = f"Scumble: {' '.join(request.prompt.split())}".rstrip(": ")
    else:
        name = f"Scumble: {request.kind.replace('_', ' ')}"
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _layer_name(request: Request, layer: ResultLayer) -> str:
    if isinstance(request, Upscale):
        return f"{request.model} {request.scale:g}x"
    if isinstance(request, Remove):
        return "Removed"
    return layer.title or f"Seed {layer.seed}"
