"""Figures out of real editors, by the programs in the checkout's `tests/benchmarks`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from scumble_cli.benchmarks.figure import Figure, Finding, Unmeasured

CHECKOUT = Path(__file__).parents[3]
PATIENCE_SECONDS = 1800.0


def krita(rounds: int) -> list[Finding]:
    """How long Krita's window does not answer."""
    del rounds  # the program knows how many it needs
    return _measured("krita_stalls", "stalls of Krita")


def gimp(rounds: int) -> list[Finding]:
    """How long GIMP's plug-in takes to read and to place."""
    del rounds
    return _measured("gimp_times", "times of GIMP")


def _measured(program: str, name: str) -> list[Finding]:
    """What the program says in JSON: a list of the fields of figures."""
    if not (CHECKOUT / "tests" / "benchmarks" / f"{program}.py").is_file():
        return [Unmeasured(name, "It needs a checkout of Scumble with its tests.")]
    try:
        ended = subprocess.run(  # noqa: S603  (every word of it is ours)
            [sys.executable, "-m", f"tests.benchmarks.{program}", "--json"],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [Unmeasured(name, f"It was not done after {PATIENCE_SECONDS:.0f} seconds.")]
    if ended.returncode:
        said = [line for line in ended.stderr.splitlines() if line.strip()]
        return [Unmeasured(name, said[-1] if said else "It failed without a word.")]
    return [Figure(**fields) for fields in json.loads(ended.stdout)]
