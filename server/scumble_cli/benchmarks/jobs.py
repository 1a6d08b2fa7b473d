"""What a job costs with the starter: over the bridge, in process, and until a cancel is obeyed."""

from __future__ import annotations

import dataclasses
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import Figure, Finding, Job, in_turns, seconds
from scumble_cli.benchmarks.in_process import InProcess
from scumble_cli.benchmarks.samples import for_model, regeneration
from scumble_cli.benchmarks.workbench import Workbench
from scumble_protocol.messages import Cancelled, Phase, Preview, Progress

if TYPE_CHECKING:
    from scumble_protocol.client import ClientEvent, Result
    from scumble_protocol.messages import ModelInfo

BRIDGE_ALLOWANCE = 20.0
"""Milliseconds that the bridge may cost."""

STEP_ALLOWANCE = 10.0
"""Milliseconds that a cancel, or the first preview, may take beyond one step."""

STEPS_SEEN = 5
"""Steps of a running job that are timed before it is cancelled."""

LONG = 200
"""Steps of a job that shall still run when it is cancelled."""


def starter_jobs(rounds: int) -> list[Finding]:
    """A job of 256² with the starter: the first, later ones, and what the bridge adds to these."""
    with Workbench() as bench:
        model = bench.starter_info()
        first = seconds(lambda: bench.run(*for_model(model, 0)))
        here = InProcess()
        here.run(*for_model(model, 0))

        def over_the_bridge(number: int) -> float:
            request, blobs = for_model(model, 1 + number)
            return seconds(lambda: bench.run(request, blobs))

        def in_process(number: int) -> float:
            request, blobs = for_model(model, 1 + number)
            return seconds(lambda: here.run(request, blobs))

        bridged, direct = in_turns(rounds, over_the_bridge, in_process)
    added = 1000 * (bridged.least - direct.least)
    pairs = zip(bridged.values, direct.values, strict=True)
    median = 1000 * statistics.median(ours - theirs for ours, theirs in pairs)
    return [
        Figure("starter job of 256², the first: torch and model are loaded", first, "s"),
        bridged.figure("starter job of 256²", "s", goal=4.0),
        direct.figure("starter job of 256² in process", "s"),
        Figure("bridge overhead", added, "ms", BRIDGE_ALLOWANCE, median),
    ]


def phases(rounds: int) -> list[Finding]:
    """Where the time of jobs goes: without a model by size, and with the starter."""
    with Workbench() as bench:
        model = bench.starter_info()
        bench.run(*for_model(model, 0))
        found: list[Finding] = [_job(f"starter, {model.steps} steps, 256²", bench, rounds, model)]
        found += [
            _job(f"without a model, {side}²", bench, rounds, None, side)
            for side in (1024, 2048, 4096)
        ]
    return found


def _job(name: str, bench: Workbench, rounds: int, model: ModelInfo | None, side: int = 256) -> Job:
    """The medians of each phase, and of what is left of the time that the client waited."""
    seen: dict[str, list[float]] = {}
    for number in range(rounds):
        seed = 1000 + number
        if model is None:
            request, blobs = regeneration(side, seed, model="none", strength=0)
        else:
            request, blobs = for_model(model, seed, side)
        began = time.perf_counter()
        result: Result = bench.run(request, blobs)
        whole = time.perf_counter() - began
        spent = {it.phase: it.seconds for it in result.finished.times}
        for phase, value in {**spent, "transfer": whole - sum(spent.values())}.items():
            seen.setdefault(phase, []).append(value)
    return Job(name, {phase: statistics.median(values) for phase, values in seen.items()})


def cancel(rounds: int) -> list[Finding]:
    """From the call of cancel to the server's answer; the worst of all rounds, unlike the rest."""
    with Workbench() as bench:
        model = bench.starter_info()
        bench.run(*for_model(model, 0))
        pairs = [_cancel_once(bench, model, number) for number in range(rounds)]
    step = 1000 * statistics.median(step for step, _ in pairs)
    latencies = [1000 * latency for _, latency in pairs]
    return [
        Figure("one step while cancelling", step, "ms"),
        Figure(
            "cancel, the worst of all rounds",
            max(latencies),
            "ms",
            step + STEP_ALLOWANCE,
            statistics.median(latencies),
        ),
    ]


def first_preview(rounds: int) -> list[Finding]:
    """From the news that sampling begins to the first preview, both as an editor hears them."""
    with Workbench() as bench:
        model = bench.starter_info()
        bench.run(*for_model(model, 0))
        pairs = [_preview_once(bench, model, number) for number in range(rounds)]
    step = 1000 * statistics.median(step for step, _ in pairs)
    waits = [1000 * wait for _, wait in pairs]
    median = statistics.median(waits)
    return [
        Figure("one step while waiting for a preview", step, "ms"),
        Figure(
            "first preview after sampling began", min(waits), "ms", step + STEP_ALLOWANCE, median
        ),
    ]


def _preview_once(bench: Workbench, model: ModelInfo, number: int) -> tuple[float, float]:
    """The time of a step and that of the first preview, in seconds."""
    request, blobs = for_model(model, 1 + number)
    job = bench.client.submit(dataclasses.replace(request, steps=LONG), blobs)
    bench.await_event(partial(_has_reached, 0))
    began = time.perf_counter()
    bench.await_event(lambda event: isinstance(event, Preview))
    wait = time.perf_counter() - began
    step = _step_time(bench)
    bench.client.cancel(job)
    bench.await_event(lambda event: isinstance(event, Cancelled) and event.job == job)
    return step, wait


def _cancel_once(bench: Workbench, model: ModelInfo, number: int) -> tuple[float, float]:
    """The time of a step and that of the cancel, in seconds."""
    request, blobs = for_model(model, 1 + number)
    job = bench.client.submit(dataclasses.replace(request, steps=LONG), blobs)
    step = _step_time(bench)
    began = time.perf_counter()
    bench.client.cancel(job)
    bench.await_event(lambda event: isinstance(event, Cancelled) and event.job == job)
    return step, time.perf_counter() - began


def _step_time(bench: Workbench) -> float:
    """The time between two steps of the running job, over a few of them, as they arrive."""
    first = bench.await_event(partial(_has_reached, 1))
    began = time.perf_counter()
    assert isinstance(first, Progress)  # noqa: S101  (what was awaited, for the type checker)
    later = bench.await_event(partial(_has_reached, first.step + STEPS_SEEN - 1))
    assert isinstance(later, Progress)  # noqa: S101  (likewise)
    return (time.perf_counter() - began) / (later.step - first.step)


def _has_reached(step: int, event: ClientEvent) -> bool:
    return isinstance(event, Progress) and event.phase is Phase.SAMPLING and event.step >= step
