"""A second run on pixels that did not change, or only in one place: what travels again."""

from __future__ import annotations

import dataclasses
import time
from functools import partial

import numpy as np

from scumble_cli.benchmarks.figure import RATIO, Figure, Finding, in_turns
from scumble_cli.benchmarks.samples import regeneration
from scumble_cli.benchmarks.wire import CountedWire
from scumble_cli.benchmarks.workbench import Workbench
from scumble_protocol.blobs import blob_id
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import Started
from scumble_protocol.requests import Regenerate

SIDE = 1024
CHANGED = 64
"""The side of what is painted between two runs, in pixels."""

OFTEN = 10
"""Times as many rounds where one takes so little that it is mostly what else goes on."""

REST_SECONDS = 0.01
"""Between two of those, as a painter leaves: the end of the job before is still written down."""

TRANSFER_GOAL = 3.0
WORDS = 16384
"""Bytes that a job may take on the wire besides pixels: its request, events and acknowledgement."""


def unchanged_pixels(rounds: int) -> list[Finding]:
    """The bytes that a run on known pixels sends, and how long it takes until it is begun."""
    first, again, changed = _bytes_sent()
    picture = SIDE * SIDE * 4
    with Workbench() as bench:
        bench.run(*_request(0))
        bench.run(*_request(1))
        until_begun = in_turns(OFTEN * rounds, partial(_until_begun, bench))[0]
        whole = in_turns(rounds, partial(_beside_phases, bench))[0]
    return [
        Figure("sent for unchanged pixels, over sent at first", again / first, RATIO),
        Figure("sent where 64² of 1024² changed, over the picture", changed / picture, RATIO, 0.25),
        Figure("bytes sent for 1024² at first", first, "B"),
        Figure("bytes sent for unchanged pixels", again, "B", goal=WORDS),
        until_begun.figure("unchanged 1024², until it is begun", "ms", TRANSFER_GOAL, times=1000),
        whole.figure("unchanged 1024², all but the server's phases", "ms", times=1000),
    ]


def _bytes_sent() -> tuple[int, int, int]:
    """From client to server: pixels never seen, the same again, and with one place painted over."""
    wire = CountedWire()
    with Workbench(reach=wire.reach) as bench:
        sent = []
        for request, blobs in (_request(0), _request(0, seed=7), _painted(0)):
            before = wire.up
            bench.run(request, blobs)
            time.sleep(0.2)  # until the acknowledgement has passed too
            sent.append(wire.up - before)
    wire.close()
    return sent[0], sent[1], sent[2]


def _until_begun(bench: Workbench, number: int) -> float:
    request, blobs = _request(1, seed=100 + number)
    time.sleep(REST_SECONDS)
    began = time.perf_counter()
    job = bench.client.submit(request, blobs)
    bench.await_event(lambda event: isinstance(event, Started) and event.job == job)
    spent = time.perf_counter() - began
    bench.finish(job)
    return spent


def _beside_phases(bench: Workbench, number: int) -> float:
    """What the server does not account for: both ways of the wire, journal, disk and threads."""
    request, blobs = _request(1, seed=10_000 + number)
    began = time.perf_counter()
    result = bench.run(request, blobs)
    spent = time.perf_counter() - began
    return spent - sum(phase.seconds for phase in result.finished.times)


def _request(picture: int, seed: int = 0) -> tuple[Regenerate, dict[str, bytes]]:
    request, blobs = regeneration(SIDE, picture, model="none", strength=0)
    return dataclasses.replace(request, seed=seed), blobs


def _painted(picture: int) -> tuple[Regenerate, dict[str, bytes]]:
    """The same request with other pixels in a small square."""
    request, blobs = _request(picture, seed=9)
    pixels = np.frombuffer(blobs[request.image.blob], np.uint8).reshape(SIDE, SIDE, 4).copy()
    pixels[300 : 300 + CHANGED, 300 : 300 + CHANGED, :3] = 128
    data = pixels.tobytes()
    image = ImageRef(blob_id(data), request.image.size, request.image.format)
    mask = {request.mask.blob: blobs[request.mask.blob]}
    return dataclasses.replace(request, image=image), {image.blob: data, **mask}
