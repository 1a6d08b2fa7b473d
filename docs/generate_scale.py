"""Writes the tables of `scale.md` anew: `python docs/generate_scale.py`.

Painters are a closed queue: each asks, waits for the answer, thinks, and asks again, so that nobody
has two jobs waiting. Cards take the jobs in the order in which they came, which is what a fair turn
for each comes to when nobody has two. Thinking takes exponentially distributed times, a job always
the same.
"""
# ruff: noqa: INP001 (a script beside the page that it writes, no package)

from __future__ import annotations

import heapq
import random
import re
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).with_name("scale.md")
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

THINK_SECONDS = 30.0
"""From a result to the next wish: somebody who looks, undoes, paints, and asks again."""

JOB_SECONDS = 2.0
"""Two variations of SDXL at 1024², 20 steps with CFG, at the second for each that is our goal."""

KINDS = (
    ("FLUX-dev 1024², 20 steps", 3.0, 1.9),
    ("SDXL 1024² inpaint, 20 steps with CFG, two variations", JOB_SECONDS, 0.72),
    ("the same, one variation", 1.0, 0.36),
    ("SDXL 1024², 4 steps without CFG", 0.15, 0.054),
)
"""A job, our goal for it on one H200 and what the card's arithmetic allows at best, in seconds."""

PATIENCE_SECONDS = 5.0
"""One wait in twenty may be longer."""

PAINTERS = (1, 4, 8, 12, 16, 24, 32, 48, 64)
CARDS = 4


@dataclass(frozen=True)
class Waiting:
    """What painters meet with.

    Args:
        mean: Seconds that a job waits for a card, on average.
        worst: Seconds that one in twenty jobs waits longer than.
        busy: The part of the time that a card works, 0 to 1.
    """

    mean: float
    worst: float
    busy: float


def waiting(
    painters: int,
    cards: int,
    think: Callable[[random.Random], float],
    work: Callable[[random.Random], float],
    jobs: int = 20_000,
) -> Waiting:
    """Play through so many jobs; the first tenth, before things have settled, does not count."""
    chance = random.Random(1)  # noqa: S311 (no secret)
    # Painters who begin to ask at the same moment would be a rush that no day has.
    asking = [think(chance) for _ in range(painters)]
    heapq.heapify(asking)
    free_at = [0.0] * cards
    waits: list[float] = []
    worked = 0.0
    while len(waits) < jobs:
        asked, free = heapq.heappop(asking), heapq.heappop(free_at)
        begun, took = max(asked, free), work(chance)
        waits.append(begun - asked)
        worked += took
        heapq.heappush(free_at, begun + took)
        heapq.heappush(asking, begun + took + think(chance))
    settled = waits[jobs // 10 :]
    return Waiting(
        statistics.fmean(settled),
        statistics.quantiles(settled, n=20)[-1],
        worked / cards / max(free_at),
    )


def page(painters: int, cards: int, seconds: float) -> Waiting:
    """The same with the page's painters and jobs of one length."""
    return waiting(
        painters, cards, lambda chance: chance.expovariate(1 / THINK_SECONDS), lambda _: seconds
    )


def _queues() -> str:
    lines = [
        f"| Painters | one card: wait, 1 in 20 waits longer than, busy | {CARDS} cards, one queue "
        f"| {CARDS} cards, a server for each |",
        "|---|---|---|---|",
    ]
    for painters in PAINTERS:
        own = page(max(1, painters // CARDS), 1, JOB_SECONDS)
        cells = [_cell(page(painters, 1, JOB_SECONDS)), _cell(page(painters, CARDS, JOB_SECONDS))]
        lines.append(f"| {painters} | {' | '.join(cells)} | {_cell(own)} |")
    return "\n".join(lines)


def _cell(seen: Waiting) -> str:
    return f"{seen.mean:.1f} s, {seen.worst:.1f} s, {seen.busy:.0%}"


def _kinds() -> str:
    lines = [
        "| Job | seconds at our goal | painters | at the limit | painters |",
        "|---|---|---|---|---|",
    ]
    for name, goal, limit in KINDS:
        lines.append(f"| {name} | {goal:g} | {served(goal)} | {limit:g} | {served(limit)} |")
    return "\n".join(lines)


def served(seconds: float) -> int:
    """The most painters that one card serves with patience, for jobs of so many seconds."""
    enough, too_many = 1, 4096
    while too_many - enough > 1:
        painters = (enough + too_many) // 2
        if page(painters, 1, seconds).worst <= PATIENCE_SECONDS:
            enough = painters
        else:
            too_many = painters
    return enough


_PARTS = {"kinds": _kinds, "queues": _queues}


def render(text: str) -> str:
    """The page with its generated parts made anew."""
    return _PART.sub(lambda part: f"{part[1]}{_PARTS[part[2]]()}\n{part[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
