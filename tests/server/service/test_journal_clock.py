from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from scumble_server.jobs.journal import Journal
from scumble_server.jobs.journal_clock import DAY, JournalClock, Moment


class Machine:
    """A machine's two clocks."""

    def __init__(self, wall: float = 1e9) -> None:
        self.wall = wall
        self.monotonic = 50.0

    def clock(self, last: Moment) -> JournalClock:
        return JournalClock(last, lambda: self.wall, lambda: self.monotonic)


def test_it_goes_on_with_the_monotonic_clock_whatever_the_other_does() -> None:
    machine = Machine()
    clock = machine.clock(Moment(1e9, 7.0))
    assert clock.now() == Moment(1e9, 7.0)
    machine.monotonic += 100
    machine.wall -= 10 * 365 * DAY
    assert clock.now() == Moment(1e9 - 10 * 365 * DAY, 107.0)


@pytest.mark.parametrize(
    ("passed", "counted"),
    [(0, 0), (3600, 3600), (DAY, DAY), (10 * 365 * DAY, DAY), (-5, 0), (-10 * 365 * DAY, 0)],
)
def test_between_two_servers_it_goes_on_by_a_day_at_most_and_never_back(
    passed: float, counted: float
) -> None:
    clock = Machine(1e9 + passed).clock(Moment(1e9, 1000.0))
    assert clock.now().age == 1000.0 + counted


def test_a_journal_keeps_its_time_from_one_server_to_the_next(tmp_path: Path) -> None:
    machine = Machine()

    def journal() -> Journal:
        return Journal(tmp_path / "journal.sqlite", lambda: machine.wall, lambda: machine.monotonic)

    ages = []
    for _ in range(3):
        one = journal()
        machine.monotonic += 10
        machine.wall += 10
        one.tick()
        one.close()
        with contextlib.closing(sqlite3.connect(tmp_path / "journal.sqlite")) as database:
            ages += database.execute("SELECT age FROM clock").fetchone()
        machine.wall += 5
        machine.monotonic = 0.0
    assert ages == [10, 25, 40]
