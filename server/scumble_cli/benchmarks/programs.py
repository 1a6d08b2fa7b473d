"""How long programs take to start, and how long until the first picture."""

from __future__ import annotations

import subprocess
import sys
import time

from scumble_cli.benchmarks.figure import Finding, in_turns, seconds
from scumble_cli.benchmarks.samples import for_model
from scumble_cli.benchmarks.workbench import Workbench


def start_of_help(rounds: int) -> list[Finding]:
    """`scumble --help`, from the start of Python to its end."""
    command = [sys.executable, "-m", "scumble_cli", "--help"]

    def show_help(_: int) -> float:
        return seconds(
            lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        )

    (times,) = in_turns(rounds, show_help)
    return [times.figure("scumble --help", "s", goal=0.3)]


def start_of_server(rounds: int) -> list[Finding]:
    """A server's start up to its greeting of a client."""

    def start(_: int) -> float:
        began = time.perf_counter()
        with Workbench():
            return time.perf_counter() - began

    (times,) = in_turns(rounds, start)
    return [times.figure("server start to the first greeting", "s", goal=0.6)]


def first_result(rounds: int) -> list[Finding]:
    """From the start of a server to the first picture of the starter, torch's import included."""

    def start(number: int) -> float:
        began = time.perf_counter()
        with Workbench() as bench:
            bench.run(*for_model(bench.starter_info(), number))
            return time.perf_counter() - began

    (times,) = in_turns(rounds, start)
    return [times.figure("server start to the starter's first result", "s", goal=6.0)]
