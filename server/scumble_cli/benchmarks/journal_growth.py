"""How a server's start and its jobs take longer the more jobs its journal keeps."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import Finding, Series, Times
from scumble_cli.benchmarks.samples import regeneration
from scumble_cli.benchmarks.whole_path import send
from scumble_cli.benchmarks.workbench import Workbench
from scumble_protocol.messages import Accepted, Finished, PhaseTime, ResultLayer
from scumble_server.jobs.journal import Journal, Sender
from scumble_server.state import open_folder

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (1, 10, 100, 1000, 10_000)
SIDE = 256


def journal(rounds: int) -> list[Finding]:
    """The start of a server up to its greeting, and a job of 256², by jobs that are kept."""
    starts, jobs = [], []
    for size in SIZES:
        began_in, done_in = [], []
        for number in range(min(rounds, 3)):
            start, job = _with_journal(size, number)
            began_in.append(start)
            done_in.append(job)
        starts.append(Times(tuple(began_in)).point(size, times=1000))
        jobs.append(Times(tuple(done_in)).point(size, times=1000))
    along = "kept jobs"
    return [
        Series(
            "server start, by kept jobs",
            along,
            "ms",
            tuple(starts),
            "The whole database is checked at each start, so that a start takes a little longer "
            "with every job.",
        ),
        Series(
            "job of 256² without a model, by kept jobs",
            along,
            "ms",
            tuple(jobs),
            "Every question to the journal goes by an index, so that the line is level.",
        ),
    ]


def _with_journal(size: int, number: int) -> tuple[float, float]:
    """The seconds of a start and of the quickest of a few jobs."""
    fill = 0.0

    def prepare(folder: Path) -> None:
        nonlocal fill
        began = time.perf_counter()
        _fill(folder, size)
        fill = time.perf_counter() - began

    began = time.perf_counter()
    with Workbench(prepare=prepare) as bench:
        start = time.perf_counter() - began - fill
        job = min(map(partial(send, bench, SIDE), range(10 * number, 10 * number + 10)))
        return start, job


def _fill(folder: Path, size: int) -> None:
    """Write down so many jobs that ended, as a server would have; their pictures are long gone."""
    written = Journal(open_folder(folder).journal)
    request, _ = regeneration(64, 0, model="none", strength=0)
    layer = ResultLayer(request.context, request.image, request.mask, 0)
    try:
        for number in range(size):
            name = f"kept-{number}"
            written.accept(Accepted(name, 1, 0), Sender("local", "bench"), request)
            times = (PhaseTime("preparing", 0.01),)
            written.finish(Finished(name, 2, request, (layer,), times))
            written.acknowledge(name)
    finally:
        written.close()
