"""How the programs beside this tell what they measured: lines for people, or JSON for the bench."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scumble_cli.benchmarks.figure import Figure


def tell(figures: Iterable[Figure]) -> None:
    """Print each as soon as it is there, or with `--json` all of them at the end."""
    if "--json" in sys.argv[1:]:
        print(json.dumps([dataclasses.asdict(figure) for figure in figures]))  # noqa: T201
        return
    for figure in figures:
        median = "" if figure.median is None else f", median {figure.median:.0f}"
        print(f"{figure.name}: {figure.value:.0f} {figure.unit}{median}", flush=True)  # noqa: T201
