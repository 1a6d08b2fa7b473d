"""What a job costs without its model: codec, websocket, journal, masks, and the way back."""

from __future__ import annotations

from functools import partial

import numpy as np

from scumble_cli.benchmarks.canvas import MemoryCanvas
from scumble_cli.benchmarks.figure import Figure, least, seconds
from scumble_cli.benchmarks.samples import noise, regeneration
from scumble_cli.benchmarks.workbench import Workbench
from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.editor.draft import draft_regeneration
from scumble_protocol.editor.result import result_group
from scumble_protocol.editor.settings import Settings
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import ModelInfo, ModelKind
from scumble_server.pixels.compose import compose
from scumble_server.pixels.opencv import unit
from scumble_server.pixels.prepare import prepare
from scumble_server.spec import ModelSpec

GOALS = {1024: 25.0, 2048: 100.0, 4096: 500.0}
"""Milliseconds by the side of the picture."""

SPEC = ModelSpec(
    family="sdxl",
    native_side=1024,
    min_side=512,
    max_side=2048,
    max_pixels=2 * 1024 * 1024,
    multiple=8,
    latent_channels=4,
    latent_scale=8,
    unet_channels=4,
    prediction="epsilon",
    bytes=0,
    steps=20,
    cfg=7.0,
    sampler=Sampler.EULER,
    schedule=Schedule.AUTOMATIC,
)
"""What preparing and composing need to know of a model: the sizes of SDXL."""

NO_MODEL = ModelInfo(
    id="none",
    title="",
    kind=ModelKind.DIFFUSION,
    family="",
    native_side=512,
    max_side=1024,
    multiple=8,
    inpaint=False,
    loaded=False,
    bytes=0,
    scale=0,
    steps=20,
    cfg=7.0,
    sampler=Sampler.EULER,
)
"""At strength 0 no model is asked, so that it need not be there."""


def whole_path(rounds: int) -> list[Figure]:
    """A job with RGBA8 pixels and a mask that were never sent before, to the last byte back.

    At strength 0 a job takes the whole way, masks included, but asks no model. Scaling to a model's
    working size and back depends on the model, and is measured beside it.
    """
    figures = []
    with Workbench() as bench:
        bench.run(*regeneration(64, 0, model=NO_MODEL.id, strength=0))
        for side, goal in GOALS.items():
            sent, worked = least(rounds, partial(_send, bench, side), partial(_work, side))
            figures += [
                Figure(f"{side}² job without a model", 1000 * sent, "ms", goal),
                Figure(f"{side}² prepare and compose for SDXL", 1000 * worked, "ms"),
            ]
    return figures


def large_canvas(rounds: int) -> list[Figure]:
    """A selection of 512² in a picture of 16,384², over one in a picture of 1024²."""
    small, large = (_canvas(side) for side in (1024, 16384))
    with Workbench() as bench:
        _edit(bench, small, 0)
        values = least(rounds, partial(_edit, bench, small), partial(_edit, bench, large))
    return [
        Figure("512² selection in 1024²", 1000 * values[0], "ms"),
        Figure("512² selection in 16,384²", 1000 * values[1], "ms"),
        Figure("512² selection, 16,384² over 1024²", values[1] / values[0], "x", goal=1.1),
    ]


def _send(bench: Workbench, side: int, number: int) -> float:
    request, blobs = regeneration(side, side + number, model=NO_MODEL.id, strength=0)
    return seconds(lambda: bench.run(request, blobs))


def _work(side: int, number: int) -> float:
    request, blobs = regeneration(side, side + number, model=NO_MODEL.id, strength=0.8)
    picture = np.frombuffer(blobs[request.image.blob], np.uint8).reshape(side, side, 4)
    selection = np.frombuffer(blobs[request.mask.blob], np.uint8).reshape(side, side)
    size = prepare(request, picture, selection, SPEC).working
    pixels = np.frombuffer(noise(size, number), np.uint8)
    made = unit(pixels.reshape(size.height, size.width, 4)[..., :3])

    def work() -> None:
        crop = prepare(request, picture, selection, SPEC)
        compose(crop, made, strength=request.strength, match_color=True)

    return seconds(work)


def _canvas(side: int) -> MemoryCanvas:
    middle = (side - 512) // 2
    return MemoryCanvas(Size(side, side), Rect(middle, middle, 512, 512))


def _edit(bench: Workbench, canvas: MemoryCanvas, number: int) -> float:
    """From reading the canvas to the result in it, all that the studio does for an editor."""
    canvas.paint(np.random.default_rng(number))

    def edit() -> None:
        draft = draft_regeneration(canvas, Settings(strength=0), NO_MODEL, bench.welcome.limits)
        result = bench.finish(bench.client.submit_draft(draft))
        canvas.insert(result_group(result))

    return seconds(edit)
