"""`scumble bench`: what this machine and this version do, in figures."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import platform
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.terminal import reporter, say
from scumble_cli.version import version
from scumble_protocol.errors import ErrorCode, RequestError

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_cli.benchmarks.figure import Figure

MEASUREMENTS = {
    "help": "programs:start_of_help",
    "server": "programs:start_of_server",
    "path": "whole_path:whole_path",
    "canvas": "whole_path:large_canvas",
    "jobs": "jobs:starter_jobs",
    "cancel": "jobs:cancel",
    "steps": "steps:steps",
}
"""Where each measurement is, below `scumble_cli.benchmarks`: imported when it is its turn."""


def run(arguments: Namespace) -> int:
    """Measure and print; figures that miss their goal are marked, and are no failure.

    Raises:
        ScumbleError: A measurement is unknown or could not be made.
    """
    if arguments.only == "list":
        say("\n".join(MEASUREMENTS))
        return 0
    names = _chosen(arguments.only)
    if arguments.rounds < 1:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{arguments.rounds} rounds measure nothing.",
            "Take 1 or more.",
        )
    if not arguments.json:
        say("\n".join(f"{name}: {value}" for name, value in machine().items()))
    figures = []
    with reporter() as shown:
        for number, name in enumerate(names):
            shown.show(f"Measuring {name}", number, len(names), -1)
            module, function = MEASUREMENTS[name].split(":")
            measure = getattr(importlib.import_module(f"scumble_cli.benchmarks.{module}"), function)
            figures += measure(arguments.rounds)
    _tell(figures, as_json=arguments.json)
    return 0


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "scumble": version(),
        "torch": installed_version("torch"),
        "diffusers": installed_version("diffusers"),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "processor": f"{_processor()}, {_cores()} cores",
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
    }


def _chosen(only: str | None) -> list[str]:
    if only is None:
        return list(MEASUREMENTS)
    if only not in MEASUREMENTS:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"There is no measurement {only!r}.",
            f"Choose one of: {', '.join(MEASUREMENTS)}.",
        )
    return [only]


def _tell(figures: list[Figure], *, as_json: bool) -> None:
    if as_json:
        fields = [{**dataclasses.asdict(figure), "met": figure.is_met} for figure in figures]
        say(json.dumps({"machine": machine(), "figures": fields}, indent=2))
        return
    for figure in figures:
        goal = "" if figure.goal is None else f"  goal {figure.goal:.4g} {figure.unit}"
        mark = "" if figure.is_met else "  MISSED"
        say(f"{figure.value:9.4g} {figure.unit:2}  {figure.name}{goal}{mark}")


def _processor() -> str:
    """The processor's name for people; Python's own answer is only its architecture on Linux."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
