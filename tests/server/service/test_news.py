"""What of a job's progress is told: all that anybody could see, and nothing twice."""

from __future__ import annotations

import numpy as np
import pytest

from scumble_protocol.messages import Phase
from scumble_server.jobs.news import PROGRESS_SECONDS, News
from scumble_server.work.report import PreviewReport, ProgressReport, Report


class Clock:
    """Stands still unless somebody moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def told_of(reports: list[Report], seconds: float) -> list[Report]:
    """Those that are news, with so many seconds between them."""
    clock = Clock()
    news, told = News(clock), []
    for report in reports:
        if news.is_in(report):
            told.append(report)
        clock.now += seconds
    return told


def steps(*numbers: int, phase: Phase = Phase.SAMPLING, detail: str = "") -> list[Report]:
    return [ProgressReport(phase, number, 10, detail=detail) for number in numbers]


def test_steps_that_anybody_can_see_are_told_one_by_one() -> None:
    reports = steps(*range(11))
    assert told_of(reports, PROGRESS_SECONDS * 1.01) == reports


def test_of_steps_that_are_too_fast_the_first_the_last_and_some_between_are_told() -> None:
    assert told_of(steps(*range(11)), PROGRESS_SECONDS / 3.9) == steps(0, 4, 8, 10)


@pytest.mark.parametrize("number", [0, 5, 10])
def test_a_step_is_told_once_however_long_it_takes(number: int) -> None:
    assert told_of(steps(number, number, number), 60) == steps(number)


def test_another_phase_and_another_variation_are_told_at_once() -> None:
    reports = [
        *steps(0, phase=Phase.ENCODING),
        *steps(0, detail="1 of 2"),
        *steps(10, detail="1 of 2"),
        *steps(0, detail="2 of 2"),
    ]
    assert told_of(reports, 0) == reports


def test_every_preview_is_told_and_holds_no_step_back() -> None:
    preview = PreviewReport(np.zeros((1, 1, 4), np.uint8))
    reports = [*steps(0), preview, preview, *steps(10)]
    assert told_of(reports, 0) == reports
