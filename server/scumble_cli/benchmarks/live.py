"""Live use: the newest picture is what counts, and older ones that wait are given up."""

from __future__ import annotations

import dataclasses
import time
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from scumble_cli.benchmarks.figure import RATIO, Figure, Finding, in_turns
from scumble_cli.benchmarks.in_process import InProcess
from scumble_cli.benchmarks.samples import SIDE, regeneration
from scumble_cli.benchmarks.workbench import Workbench
from scumble_protocol.blobs import blob_id
from scumble_protocol.client import Result
from scumble_protocol.messages import Cancelled, Failed, Refused, Started
from scumble_server.models.catalog import STARTER
from scumble_server.pixels.prepare import prepare
from scumble_server.work.report import silent

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate

STEPS = 4

DAB = 48
"""Side of what a stroke changes; the rest of the picture stays as it was."""

STROKES_A_SECOND = 10
"""How often the painter changes the picture."""

SECONDS = 4.0
"""How long each round lasts."""


def live(rounds: int) -> list[Finding]:
    """Results a second of jobs with 4 steps and no CFG at 256², beside the model with no bridge."""
    here = InProcess()
    _bare(here, 0, 1)
    with Workbench() as bench:
        bench.run(*_stroke(0))
        hand = _Hand(bench)

        def bridged(number: int) -> float:
            return 1 / hand.paint((1 + number) * 10_000, SECONDS)

        def bare(number: int) -> float:
            began, done = time.perf_counter(), 0
            while time.perf_counter() - began < SECONDS:
                done += 1
                _bare(here, number * 10_000 + done, STEPS)
            return (time.perf_counter() - began) / done

        ours, model = in_turns(rounds, bridged, bare)
    share = model.least / ours.least
    return [
        Figure("live, part of the bare model's rate", share, RATIO, 0.9, at_least=True),
        Figure("live, results a second", 1 / ours.least, "/s", 2.0, 1 / ours.median, at_least=True),
        Figure("the bare model's rate", 1 / model.least, "/s", median=1 / model.median),
    ]


class _Hand:
    """A painter whose every stroke asks for a new result."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._running = ""
        self._waiting = ""

    def paint(self, seed: int, seconds: float) -> float:
        """Paint for a while; results a second from the first result to the last one."""
        came: list[float] = []
        began = time.perf_counter()
        stroke = 0
        while time.perf_counter() - began < seconds:
            if time.perf_counter() - began >= stroke / STROKES_A_SECOND:
                stroke += 1
                came += self._heard()  # what has begun meanwhile is not to be cancelled
                self._submit(seed + stroke)
            self._bench.client.wait(0.01)
            came += self._heard()
        self._end()
        if len(came) < 2:
            return len(came) / seconds
        return (len(came) - 1) / (came[-1] - came[0])

    def _submit(self, seed: int) -> None:
        """The newest picture takes the place of the one that waits."""
        if self._waiting:
            self._bench.client.cancel(self._waiting)
        self._waiting = self._bench.client.submit(*_stroke(seed))

    def _heard(self) -> list[float]:
        """The moments at which results came."""
        came = []
        for event in self._bench.client.poll():
            if isinstance(event, Started) and event.job == self._waiting:
                self._running, self._waiting = self._waiting, ""
            elif isinstance(event, Result):
                self._bench.client.acknowledge(event.job)
                came.append(time.perf_counter())
            if isinstance(event, (Result, Cancelled, Failed, Refused)):
                self._over(event.job)
        return came

    def _over(self, job: str) -> None:
        if job == self._running:
            self._running = ""
        if job == self._waiting:
            self._waiting = ""

    def _end(self) -> None:
        """Leave nothing on the server that would take time from what is measured next."""
        for job in filter(None, (self._waiting, self._running)):
            self._bench.client.cancel(job)
        deadline = time.perf_counter() + 10
        while (self._waiting or self._running) and time.perf_counter() < deadline:
            self._bench.client.wait(0.05)
            self._heard()


def _stroke(seed: int, steps: int = STEPS) -> tuple[Regenerate, dict[str, bytes]]:
    """The canvas with a dab that no other seed has."""
    request, blobs = _canvas()
    picture = np.frombuffer(blobs[request.image.blob], np.uint8).reshape(SIDE, SIDE, 4).copy()
    generator = np.random.default_rng(seed)
    x, y = generator.integers(0, SIDE - DAB, 2)
    picture[y : y + DAB, x : x + DAB, :3] = generator.integers(0, 256, (DAB, DAB, 3), np.uint8)
    data = picture.tobytes()
    image = dataclasses.replace(request.image, blob=blob_id(data))
    return (
        dataclasses.replace(request, image=image, seed=seed, steps=steps),
        {image.blob: data, request.mask.blob: blobs[request.mask.blob]},
    )


@cache
def _canvas() -> tuple[Regenerate, dict[str, bytes]]:
    return regeneration(SIDE, 0, model=STARTER, strength=1.0, cfg=1.0)


def _bare(here: InProcess, seed: int, steps: int) -> None:
    """What the model alone does for a stroke: encode, denoise, decode."""
    request, blobs = _stroke(seed, steps)
    picture = np.frombuffer(blobs[request.image.blob], np.uint8).reshape(SIDE, SIDE, 4)
    selection = np.frombuffer(blobs[request.mask.blob], np.uint8).reshape(SIDE, SIDE)
    model = here.model
    model.sample(prepare(request, picture, selection, model.spec), request, (seed,), silent)
