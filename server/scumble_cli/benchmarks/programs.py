"""How long programs take to start."""

from __future__ import annotations

import subprocess
import sys
import time

from scumble_cli.benchmarks.figure import Figure, least, seconds
from scumble_cli.benchmarks.workbench import Workbench


def start_of_help(rounds: int) -> list[Figure]:
    """`scumble --help`, from the start of Python to its end."""
    command = [sys.executable, "-m", "scumble_cli", "--help"]

    def show_help(_: int) -> float:
        return seconds(
            lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        )

    (value,) = least(rounds, show_help)
    return [Figure("scumble --help", value, "s", goal=0.3)]


def start_of_server(rounds: int) -> list[Figure]:
    """A server's start up to its greeting of a client."""

    def start(_: int) -> float:
        began = time.perf_counter()
        with Workbench():
            return time.perf_counter() - began

    (value,) = least(rounds, start)
    return [Figure("server start to the first greeting", value, "s", goal=1.0)]
