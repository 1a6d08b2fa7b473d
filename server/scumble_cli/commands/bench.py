"""`scumble bench`: what this machine and this version do, in figures."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.comparison import compared
from scumble_cli.benchmarks.machine import load, machine
from scumble_cli.benchmarks.plotting import plot
from scumble_cli.benchmarks.run_record import Run, now, read, to_json, write
from scumble_cli.benchmarks.suites import MEASUREMENTS, chosen
from scumble_cli.terminal import reporter, say
from scumble_protocol.errors import ErrorCode, RequestError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from scumble_cli.benchmarks.figure import Figure, Finding


def run(arguments: Namespace) -> int:
    """Measure and print; figures that miss their goal are marked, and are no failure.

    Raises:
        ScumbleError: A measurement is unknown or could not be made, or a file is wrong.
    """
    if arguments.only == "list":
        say("\n".join(MEASUREMENTS))
        return 0
    names = chosen(arguments.only, arguments.suite or [], against=arguments.against is not None)
    if arguments.rounds < 1:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{arguments.rounds} rounds measure nothing.",
            "Take 1 or more.",
        )
    # Before minutes are spent: whether there is anything to compare with.
    old = read(Path(arguments.compare)) if arguments.compare else None
    taken, on = now(), machine()
    if not arguments.json:
        say("\n".join(f"{name}: {value}" for name, value in on.items()))
    measured = Run(taken, arguments.rounds, {**on, "load after": load()}, ())
    for findings in _measured(names, arguments.rounds):
        machine_now = {**on, "load after": load()}
        measured = replace(measured, machine=machine_now, findings=measured.findings + findings)
        if arguments.out:  # each time: what took minutes is not lost with what comes after it
            write(measured, Path(arguments.out))
    _tell(measured, old, as_json=arguments.json)
    if arguments.plot:
        plot(measured, Path(arguments.plot))
    return 0


def _measured(names: list[str], rounds: int) -> Iterator[tuple[Finding, ...]]:
    """What each measurement finds, one after the other."""
    with reporter() as shown:
        for number, name in enumerate(names):
            shown.show(f"Measuring {name}", number, len(names), -1)
            module, function = MEASUREMENTS[name].split(":")
            measure = getattr(importlib.import_module(f"scumble_cli.benchmarks.{module}"), function)
            yield tuple(measure(rounds))


def _tell(measured: Run, old: Run | None, *, as_json: bool) -> None:
    if as_json:
        say(to_json(measured))
        return
    for figure in measured.figures:
        say(_line(figure))
    for job in measured.jobs:
        phases = ", ".join(f"{name} {1000 * spent:.3g}" for name, spent in job.phases.items())
        say(f"{job.name}, ms: {phases}")
    for series in measured.series:
        points = ", ".join(f"{point.x:g}: {point.value:.4g}" for point in series.points)
        say(f"{series.name}, {series.unit} by {series.along}: {points}")
    for missing in measured.unmeasured:
        say(f"Not measured: {missing.name}. {missing.why}")
    if old is not None:
        say("\n".join(compared(measured, old)))


def _line(figure: Figure) -> str:
    median = "" if figure.median is None else f"  median {figure.median:.4g}"
    bound = "at least " if figure.at_least else ""
    goal = "" if figure.goal is None else f"  goal {bound}{figure.goal:.4g} {figure.unit}"
    mark = "" if figure.is_met else "  MISSED"
    return f"{figure.value:9.4g} {figure.unit:3}  {figure.name}{median}{goal}{mark}"
