"""What a job costs with the starter: over the bridge, in process, and until a cancel is obeyed."""

from __future__ import annotations

import dataclasses
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import Figure, least, seconds
from scumble_cli.benchmarks.in_process import InProcess
from scumble_cli.benchmarks.samples import regeneration
from scumble_cli.benchmarks.workbench import Workbench
from scumble_protocol.messages import Cancelled, Phase, Progress

if TYPE_CHECKING:
    from scumble_protocol.client import ClientEvent
    from scumble_protocol.messages import ModelInfo
    from scumble_protocol.requests import Regenerate

SIDE = 256
ALLOWANCE = 20.0
"""Milliseconds that the bridge, or a cancel beyond one step, may cost."""

STEPS_SEEN = 5
"""Steps of a running job that are timed before it is cancelled."""


def starter_jobs(rounds: int) -> list[Figure]:
    """A job of 256² with the starter: the first, later ones, and what the bridge adds to these."""
    with Workbench() as bench:
        model = bench.starter_info()
        first = seconds(lambda: bench.run(*_job(model, 0)))
        here = InProcess()
        here.run(*_job(model, 0))

        def over_the_bridge(number: int) -> float:
            request, blobs = _job(model, 1 + number)
            return seconds(lambda: bench.run(request, blobs))

        def in_process(number: int) -> float:
            request, blobs = _job(model, 1 + number)
            return seconds(lambda: here.run(request, blobs))

        bridged, direct = least(rounds, over_the_bridge, in_process)
    return [
        Figure("starter job of 256², the first: torch and model are loaded", first, "s"),
        Figure("starter job of 256²", bridged, "s", goal=4.0),
        Figure("starter job of 256² in process", direct, "s"),
        Figure("bridge overhead", 1000 * (bridged - direct), "ms", ALLOWANCE),
    ]


def cancel(rounds: int) -> list[Figure]:
    """From the call of cancel to the server's answer; the worst of all rounds, unlike the rest."""
    with Workbench() as bench:
        model = bench.starter_info()
        bench.run(*_job(model, 0))
        pairs = [_cancel_once(bench, model, number) for number in range(rounds)]
    step = 1000 * statistics.median(step for step, _ in pairs)
    latency = 1000 * max(latency for _, latency in pairs)
    return [
        Figure("one step while cancelling", step, "ms"),
        Figure("cancel, the worst of all rounds", latency, "ms", step + ALLOWANCE),
    ]


def _cancel_once(bench: Workbench, model: ModelInfo, number: int) -> tuple[float, float]:
    """The time of a step and that of the cancel, in seconds."""
    request, blobs = _job(model, 1 + number)
    job = bench.client.submit(dataclasses.replace(request, steps=200), blobs)
    arrivals = []
    for step in range(1, STEPS_SEEN + 1):
        bench.await_event(partial(_has_reached, step))
        arrivals.append(time.perf_counter())
    bench.client.cancel(job)
    bench.await_event(lambda event: isinstance(event, Cancelled) and event.job == job)
    latency = time.perf_counter() - arrivals[-1]
    return (arrivals[-1] - arrivals[0]) / (STEPS_SEEN - 1), latency


def _has_reached(step: int, event: ClientEvent) -> bool:
    return isinstance(event, Progress) and event.phase is Phase.SAMPLING and event.step >= step


def _job(model: ModelInfo, seed: int) -> tuple[Regenerate, dict[str, bytes]]:
    return regeneration(SIDE, seed, model=model.id, strength=1.0, steps=model.steps, cfg=model.cfg)
