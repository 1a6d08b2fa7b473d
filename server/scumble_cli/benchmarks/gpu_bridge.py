"""What the bridge adds to a job on a GPU, and when its first preview is there."""

from __future__ import annotations

import dataclasses
import statistics
import time
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import Figure, Finding, Unmeasured, in_turns, seconds
from scumble_cli.benchmarks.gpu_loading import MODEL, write_model
from scumble_cli.benchmarks.gpu_pair import Asked
from scumble_cli.benchmarks.gpu_scale import on_gpu
from scumble_cli.benchmarks.workbench import Workbench
from scumble_protocol.client import Result
from scumble_protocol.messages import Preview
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.run import run
from scumble_server.work.report import silent

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_cli.benchmarks.gpu_scale import Scale
    from scumble_protocol.requests import Regenerate

STEPS = 20
CFG = 7.0
MOST_ADDED = 1.02
FIRST_PREVIEW = 0.1


@on_gpu("the bridge on a GPU")
def bridge(rounds: int, scale: Scale) -> list[Finding]:
    """SDXL at 1024², 20 steps with CFG: by a server, over the same call in this process."""
    asked = Asked(scale.side(1024), scale.steps(STEPS), CFG)
    kept: list[Path] = []

    def prepare(state: Path) -> None:
        kept.append(write_model(state / "models" / MODEL, scale).parent)

    with Workbench(prepare) as bench:
        shelf = Shelf(Catalog(kept, STARTER_FOLDER), scale.device)

        def over_the_bridge(number: int) -> float:
            request, blobs = _request(asked, number)
            return seconds(lambda: bench.run(request, blobs))

        def in_process(number: int) -> float:
            request, blobs = _request(asked, number)
            return seconds(lambda: run(request, blobs.__getitem__, shelf, silent))

        over_the_bridge(1_000_000)
        in_process(1_000_000)
        bridged, direct = in_turns(rounds, over_the_bridge, in_process)
        previews = [_first_preview(bench, asked, 2_000_000 + number) for number in range(rounds)]
    name = "SDXL (random weights), 1024², 20 steps with CFG"
    return [
        bridged.over(direct, f"{name}, over the bridge over in process", MOST_ADDED),
        bridged.figure(f"{name}, over the bridge", "s"),
        direct.figure(f"{name}, in process", "s"),
        *_preview_figures([wait for wait in previews if wait is not None]),
    ]


def _request(asked: Asked, seed: int) -> tuple[Regenerate, dict[str, bytes]]:
    request, blobs = asked.request(seed)
    return dataclasses.replace(request, model=MODEL), blobs


def _first_preview(bench: Workbench, asked: Asked, seed: int) -> float | None:
    """Seconds from the call to the first preview; None where the job had none."""
    request, blobs = _request(asked, seed)
    began = time.perf_counter()
    job = bench.client.submit(request, blobs)
    event = bench.await_event(lambda event: isinstance(event, (Preview, Result)))
    if isinstance(event, Result):
        bench.client.acknowledge(job)
        return None
    wait = time.perf_counter() - began
    bench.finish(job)
    return wait


def _preview_figures(waits: list[float]) -> list[Finding]:
    name = "first preview of a job on the GPU, from the call on"
    if not waits:
        return [Unmeasured(name, "The jobs were over before there was one.")]
    return [Figure(name, min(waits), "s", FIRST_PREVIEW, statistics.median(waits))]
