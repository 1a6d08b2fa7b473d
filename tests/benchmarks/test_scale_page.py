"""The page about scale says what its script works out, and that agrees with queueing theory."""

from __future__ import annotations

import math

import pytest

from docs import generate_scale

PAGE = generate_scale.PAGE.read_text(encoding="utf-8")


def test_the_tables_of_the_page_are_fresh() -> None:
    assert generate_scale.render(PAGE) == PAGE, "run `python docs/generate_scale.py`"


def test_a_stale_table_is_noticed() -> None:
    stale = PAGE.replace("| 1 | 0.0 s", "| 1 | 0.5 s")
    assert stale != PAGE
    assert generate_scale.render(stale) == PAGE


@pytest.mark.parametrize("painters", [4, 16, 24])
def test_random_jobs_wait_as_long_as_theory_says(painters: int) -> None:
    think, work = 30.0, 2.0
    seen = generate_scale.waiting(
        painters,
        1,
        lambda chance: chance.expovariate(1 / think),
        lambda chance: chance.expovariate(1 / work),
        jobs=60_000,
    )
    busy, wait = machine_repair(painters, think, work)
    assert seen.busy == pytest.approx(busy, rel=0.02)
    assert seen.mean == pytest.approx(wait, rel=0.05)


def machine_repair(painters: int, think: float, work: float) -> tuple[float, float]:
    """How busy one server of a closed M/M/1 queue is, and the mean wait in seconds.

    The machine-repair model, e.g. Gross, Shortle, Thompson, Harris: Fundamentals of Queueing
    Theory, "finite-source queues"; the wait follows by Little's law.
    """
    weights = [
        math.perm(painters, waiting) * (work / think) ** waiting for waiting in range(painters + 1)
    ]
    busy = 1 - 1 / sum(weights)
    return busy, painters * work / busy - think - work
