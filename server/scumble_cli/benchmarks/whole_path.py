"""What a job costs without its model: codec, websocket, journal, masks, and the way back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from scumble_cli.benchmarks.canvas import MemoryCanvas
from scumble_cli.benchmarks.figure import Finding, in_turns, seconds
from scumble_cli.benchmarks.samples import noise, regeneration
from scumble_cli.benchmarks.workbench import Workbench
from scumble_protocol.blobs import blob_id
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

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate

GOALS = {1024: 15.0, 2048: 60.0, 4096: 300.0}
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


def whole_path(rounds: int) -> list[Finding]:
    """A job with RGBA8 pixels and a mask that were never sent before: from these to the layer.

    At strength 0 a job takes the whole way, masks included, but asks no model. What comes back is
    the layer around the mask, a disc half as wide as the picture. Scaling to a model's working size
    and back depends on the model, and is measured beside it.
    """
    figures: list[Finding] = []
    with Workbench() as bench:
        bench.run(*regeneration(64, 0, model=NO_MODEL.id, strength=0))
        for side, goal in GOALS.items():
            sent, worked = in_turns(rounds, partial(send, bench, side), partial(_work, side))
            figures += [
                sent.figure(f"{side}² without a model, pixels to layer", "ms", goal, times=1000),
                worked.figure(f"{side}² prepare and compose for SDXL", "ms", times=1000),
            ]
    return figures


def large_canvas(rounds: int) -> list[Finding]:
    """A selection of 512² in a picture of 16,384², over one in a picture of 1024²."""
    small, large = (canvas_of(side) for side in (1024, 16384))
    with Workbench() as bench:
        edit(bench, small, 0)
        in_small, in_large = in_turns(
            rounds, partial(edit, bench, small), partial(edit, bench, large)
        )
    return [
        in_small.figure("512² selection in 1024²", "ms", times=1000),
        in_large.figure("512² selection in 16,384²", "ms", times=1000),
        in_large.over(in_small, "512² selection, 16,384² over 1024²", goal=1.1),
    ]


def send(bench: Workbench, side: int, number: int) -> float:
    """The seconds of a job without a model, from pixels in memory to the last byte of its layer."""
    request, blobs = regeneration(side, side + number, model=NO_MODEL.id, strength=0)

    def draft() -> tuple[Regenerate, dict[str, bytes]]:
        # An editor has pixels, whose names are still to be found.
        return request, {blob_id(data): data for data in blobs.values()}

    return seconds(lambda: bench.finish(bench.client.submit_draft(draft)))


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


def canvas_of(side: int) -> MemoryCanvas:
    """A square picture with 512² selected in its middle."""
    middle = (side - 512) // 2
    return MemoryCanvas(Size(side, side), Rect(middle, middle, 512, 512))


def edit(bench: Workbench, canvas: MemoryCanvas, number: int) -> float:
    """From reading the canvas to the result in it, all that the studio does for an editor."""
    canvas.paint(np.random.default_rng(number))

    def work() -> None:
        draft = draft_regeneration(canvas, Settings(strength=0), NO_MODEL, bench.welcome.limits)
        result = bench.finish(bench.client.submit_draft(draft))
        canvas.insert(result_group(result))

    return seconds(work)
