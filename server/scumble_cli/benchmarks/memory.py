"""How much memory the server and the editor's side need at most."""

from __future__ import annotations

import tracemalloc
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from scumble_cli.benchmarks.figure import Figure, Finding, Times, Unmeasured, in_turns
from scumble_cli.benchmarks.peak import MIB, can_reset, peak, reset_peak, resident
from scumble_cli.benchmarks.samples import noise, regeneration
from scumble_cli.benchmarks.whole_path import canvas_of
from scumble_cli.benchmarks.workbench import Workbench
from scumble_protocol.blobs import blob_id
from scumble_protocol.editor.draft import draft_regeneration
from scumble_protocol.editor.result import result_group
from scumble_protocol.editor.settings import Settings
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import ModelKind
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Upscale

if TYPE_CHECKING:
    from scumble_cli.benchmarks.canvas import MemoryCanvas

SMALL, LARGE = 1024, 16384
INDEPENDENT = 1.05
"""Peaks that differ by less differ by chance."""

MOST_OVER_IDLE = 1536.0
"""MiB that an upscale to 4096² may take above the server that does nothing."""

_NO_PEAK = "Only Linux tells the peak of a while; run this there."


def large_document(rounds: int) -> list[Finding]:
    """A job of the starter on 512² in a document of 16,384², over one of 1024²."""
    if not can_reset():
        return [Unmeasured("peak memory by the size of the document", _NO_PEAK)]
    small, large = (canvas_of(side) for side in (SMALL, LARGE))
    with Workbench() as bench:
        _edited(bench, small, 0)
        served = in_turns(
            rounds, partial(_of_server, bench, small), partial(_of_server, bench, large)
        )
        here = in_turns(
            rounds, partial(_of_editor, bench, small), partial(_of_editor, bench, large)
        )
    return [
        _worst_over(served[1], served[0], "server's peak, 512² in 16,384² over 1024²"),
        _worst_over(here[1], here[0], "editor's side at most, 512² in 16,384² over 1024²"),
        Figure("server's peak, 512² in 16,384²", max(served[1].values), "MiB"),
        Figure("editor's side at most, 512² in 16,384²", max(here[1].values), "MiB"),
    ]


def large_upscale(rounds: int) -> list[Finding]:
    """Upscaling 1024² to 4096²: the peak over the idle server, for every upscaler that is there."""
    if not can_reset():
        return [Unmeasured("peak memory of an upscale to 4096²", _NO_PEAK)]
    found: list[Finding] = []
    with Workbench() as bench:
        # Only when it has done something it is ready, with torch and the model that it begins with.
        bench.run(*regeneration(64, 0, model="none", strength=0))
        idle = resident(bench.pid)
        names = [it.id for it in bench.welcome.models if it.kind is ModelKind.UPSCALER]
        for name in names:
            request, blobs = _upscale(name, 1024)
            bench.run(request, blobs)
            values = []
            for number in range(min(rounds, 2)):
                request, blobs = _upscale(name, 1024, number + 1)
                reset_peak(bench.pid)
                bench.run(request, blobs)
                values.append(peak(bench.pid) - idle)
            found.append(
                Figure(f"upscale to 4096² by {name}, over idle", max(values), "MiB", MOST_OVER_IDLE)
            )
        found.append(Figure("the idle server", idle, "MiB"))
    return found


def _worst_over(over: Times, under: Times, name: str) -> Figure:
    """Peaks are compared at their worst, since the worst is what has to fit."""
    return Figure(name, max(over.values) / max(under.values), "x", INDEPENDENT)


def _of_server(bench: Workbench, canvas: MemoryCanvas, number: int) -> float:
    reset_peak(bench.pid)
    _edited(bench, canvas, number)
    return peak(bench.pid)


def _of_editor(bench: Workbench, canvas: MemoryCanvas, number: int) -> float:
    """What client and studio take at most; the canvas itself is the editor's."""
    tracemalloc.start()
    try:
        _edited(bench, canvas, 100 + number)
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


def _edited(bench: Workbench, canvas: MemoryCanvas, number: int) -> None:
    """A job with the starter on the selection, from the canvas into the canvas."""
    canvas.paint(np.random.default_rng(number))
    settings = Settings(prompt="an apple", strength=0.8, steps=2)
    draft = draft_regeneration(canvas, settings, bench.starter_info(), bench.welcome.limits)
    result = bench.finish(bench.client.submit_draft(draft))
    for _ in canvas.insert(result_group(result)):
        pass


def _upscale(model: str, side: int, seed: int = 0) -> tuple[Upscale, dict[str, bytes]]:
    size = Size(side, side)
    data = noise(size, seed)
    image = ImageRef(blob_id(data), size, PixelFormat.RGBA8)
    return Upscale(model, 4.0, size, Rect.of(size), image), {image.blob: data}
