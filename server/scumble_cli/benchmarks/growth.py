"""How time and memory grow with what is asked for."""

from __future__ import annotations

import dataclasses
import itertools
import time
from functools import partial
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import Finding, Series, Times, in_turns, seconds
from scumble_cli.benchmarks.peak import can_reset, peak, reset_peak
from scumble_cli.benchmarks.samples import SIDE, regeneration
from scumble_cli.benchmarks.whole_path import canvas_of, edit, send
from scumble_cli.benchmarks.workbench import Workbench
from scumble_cli.version import version
from scumble_protocol.client import Client, Result
from scumble_server.models.catalog import STARTER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIDES = (256, 512, 1024, 2048, 4096)
DOCUMENT_SIDES = (1024, 2048, 4096, 8192, 16384)
COUNTS = (1, 2, 4, 8, 16)
STEPS = (1, 2, 5, 10, 20, 50)
CLIENTS = (1, 2, 4, 8, 16, 32, 64)
JOBS_EACH = 4
PATIENCE_SECONDS = 300.0


def selection(rounds: int) -> list[Finding]:
    """A job without a model by the side of its selection: time, and the server's peak."""
    with Workbench() as bench:
        bench.run(*regeneration(64, 0, model="none", strength=0))
        timed = _timed(SIDES, rounds, lambda side: partial(send, bench, side))
        spent = _series(
            "job without a model, by selection",
            "side of the selection, pixels",
            timed,
            "The pixels grow by four where the side doubles, and so does the time, once it is more "
            "than the fixed few milliseconds of a job.",
        )
        peaks = _peaks(bench, rounds) if can_reset() else []
    return [spent, *peaks]


def documents(rounds: int) -> list[Finding]:
    """A selection of 512² by the side of the document around it."""
    with Workbench() as bench:
        canvases = {side: canvas_of(side) for side in DOCUMENT_SIDES}
        edit(bench, canvases[DOCUMENT_SIDES[0]], 0)
        timed = _timed(DOCUMENT_SIDES, rounds, lambda side: partial(edit, bench, canvases[side]))
    return [
        _series(
            "selection of 512², by document",
            "side of the document, pixels",
            timed,
            "Only the selection and what is around it is read and sent, so that the line is level.",
        )
    ]


def count(rounds: int) -> list[Finding]:
    """A job of the starter by its number of variations."""
    return [
        _of_starter(
            "starter, 4 steps at 256², by variations",
            "variations",
            (COUNTS, rounds),
            lambda number: {"count": number, "steps": 4},
            "Variations run one after the other, and share the encoding.",
        )
    ]


def step_count(rounds: int) -> list[Finding]:
    """A job of the starter by its steps."""
    return [
        _of_starter(
            "starter at 256², by steps",
            "steps",
            (STEPS, rounds),
            lambda number: {"steps": number},
            "Every step costs the same, beside the fixed cost of encoding and decoding.",
        )
    ]


def clients(rounds: int) -> list[Finding]:
    """Jobs a second of so many clients at once, each with 4 jobs of 256² without a model."""
    pictures = itertools.count(1)
    with Workbench() as bench:
        bench.run(*regeneration(64, 0, model="none", strength=0))
        bench.client.close()  # its connection counts to the 64 that a server takes
        timed = _timed(
            CLIENTS, min(rounds, 3), lambda number: partial(_crowd, bench, number, pictures)
        )
    return [
        _series(
            "time for one job, by clients at work at once",
            "clients",
            timed,
            "One worker does all jobs, so that a job costs the same however many clients share it; "
            "each waits for all of them.",
        )
    ]


def _timed(
    places: Sequence[int], rounds: int, action_at: Callable[[int], Callable[[int], float]]
) -> dict[int, Times]:
    """The times at every place, in turns."""
    values = in_turns(rounds, *(action_at(place) for place in places))
    return dict(zip(places, values, strict=True))


def _series(
    name: str, along: str, timed: dict[int, Times], about: str, *, unit: str = "ms"
) -> Series:
    factor = 1000 if unit == "ms" else 1
    points = tuple(times.point(place, times=factor) for place, times in timed.items())
    return Series(name, along, unit, points, about)


def _peaks(bench: Workbench, rounds: int) -> list[Finding]:
    def at(side: int) -> Callable[[int], float]:
        def run(number: int) -> float:
            reset_peak(bench.pid)
            send(bench, side, 500 + number)
            return peak(bench.pid)

        return run

    return [
        _series(
            "server's peak memory, by selection",
            "side of the selection, pixels",
            _timed(SIDES, min(rounds, 3), at),
            "The idle server, the pictures that it keeps at hand, and a few times the job's own.",
            unit="MiB",
        )
    ]


def _of_starter(
    name: str,
    along: str,
    timing: tuple[Sequence[int], int],
    fields_at: Callable[[int], dict[str, int]],
    about: str,
) -> Series:
    """Jobs of the starter with other fields at every place; `timing` has places and rounds."""
    places, rounds = timing
    with Workbench() as bench:
        bench.starter_info()

        def at(place: int) -> Callable[[int], float]:
            def run(number: int) -> float:
                request, blobs = regeneration(SIDE, 10 * number + place, model=STARTER, strength=1)
                asked = dataclasses.replace(request, **fields_at(place))  # type: ignore[arg-type]
                return seconds(lambda: bench.run(asked, blobs))

            return run

        at(places[0])(99)
        return _series(name, along, _timed(places, rounds, at), about)


def _crowd(bench: Workbench, number: int, pictures: itertools.count[int], _: int) -> float:
    """The time for one job where so many clients wait for theirs."""
    crowd = [
        Client(bench.locate, name=f"scumble-bench-{at}", version=version()) for at in range(number)
    ]
    asked = [
        (client, regeneration(SIDE, next(pictures), model="none", strength=0))
        for client in crowd
        for _ in range(JOBS_EACH)
    ]
    for client in crowd:
        client.start()
    try:
        _await_all(crowd, 0.5)
        began = time.perf_counter()
        for client, (request, blobs) in asked:
            client.submit(request, blobs)
        _collect(crowd, len(asked))
        return (time.perf_counter() - began) / len(asked)
    finally:
        for client in crowd:
            client.close()


def _await_all(crowd: Sequence[Client], seconds_more: float) -> None:
    """Wait until every client has heard from the server."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    left = set(crowd)
    while left and time.monotonic() < deadline:
        left = {client for client in left if not client.poll()}
        time.sleep(0.02)
    time.sleep(seconds_more)


def _collect(crowd: Sequence[Client], results: int) -> None:
    """Take results until all are there; gives up a client's silence after minutes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while results and time.monotonic() < deadline:
        for client in crowd:
            for event in client.poll():
                if isinstance(event, Result):
                    client.acknowledge(event.job)
                    results -= 1
        time.sleep(0.001)
