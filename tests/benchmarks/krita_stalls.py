"""How long Krita's window does not answer while a job is sent, worked on and put in place.

`python -m tests.benchmarks.krita_stalls` starts a real Krita and a real server. A timer in Krita's
own thread wants to tick every 5 ms; the longest time between two ticks is the longest stall. The
same is measured with nothing going on, since the machine has stalls of its own. `--json` prints
figures for `scumble bench --suite editor`.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import Figure, Times
from tests.benchmarks.telling import tell
from tests.end_to_end.krita_desk import KritaDesk, krita_desk, require_krita

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 5
GOALS = {1024: 16.0, 4096: 50.0}
"""Milliseconds by the side of the picture."""

TICKER = """
from PyQt5.QtCore import QTimer, Qt
import time


class Ticker(QTimer):
    def __init__(self):
        super().__init__()
        self.setTimerType(Qt.PreciseTimer)
        self.timeout.connect(self.tick)
        self.gaps = []
        self.last = time.perf_counter()
        self.start(5)

    def tick(self):
        now = time.perf_counter()
        self.gaps.append(now - self.last)
        self.last = now

    def longest(self):
        found = sorted(self.gaps)
        self.gaps = []
        return [1000 * found[-1], 1000 * found[int(len(found) * 0.99)]] if found else [0, 0]


ticker = Ticker()
"""
# The whole job happens without a word from outside, so that nothing else delays the ticks. Looking
# for the button takes some 25 ms, which no painter's hand does.
FIND = "button = widget('scumble_run')"
PRESS = "ticker.gaps = []; ticker.last = time.perf_counter(); button.click()"


def measure(desk: KritaDesk, side: int) -> list[Figure]:
    """The longest gap of each round's job, and of a while without a job."""
    desk.new_document(side, side)
    desk.wait_until("bool(shown().models)", "connection")
    desk.set(prompt="a red apple", steps=8, strength=1.0)
    jobs, still = [], []
    desk.krita.run(FIND)
    for number in range(ROUNDS):
        desk.krita.run(PRESS)
        time.sleep(2.0)
        desk.finish(groups=number + 1)
        jobs.append(desk.ask("ticker.longest()")[0])
        time.sleep(1.0)
        desk.ask("ticker.longest()")
        time.sleep(3.0)
        still.append(desk.ask("ticker.longest()")[0])
    return [
        Times(tuple(jobs)).figure(f"Krita, longest stall in a job, {side}²", "ms", GOALS.get(side)),
        Times(tuple(still)).figure(f"Krita, longest stall with no job, {side}²", "ms"),
    ]


def figures() -> Iterator[Figure]:
    """Measure, from small to large."""
    require_krita()
    with tempfile.TemporaryDirectory() as folder, krita_desk(Path(folder)) as desk:
        desk.krita.run(TICKER)
        for side in (1024, 2048, 4096):
            yield from measure(desk, side)


if __name__ == "__main__":
    tell(figures())
