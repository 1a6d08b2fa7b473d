"""What is said about a job while it runs."""

from __future__ import annotations

import pytest

from scumble_protocol.editor.language import Language
from scumble_protocol.editor.progress import advanced, progress_line
from scumble_protocol.editor.view import JobView
from scumble_protocol.messages import Phase, Progress

tr = Language({}).tr


def test_seconds_become_minutes_once_they_are_many() -> None:
    assert progress_line(JobView("j", "t", "Sampling", 0.5, 0.2), 0, tr) == "Sampling · 1 s left"
    assert progress_line(JobView("j", "t", "Sampling", 0.5, 89), 0, tr) == "Sampling · 89 s left"
    assert progress_line(JobView("j", "t", "Sampling", 0.5, 130), 0, tr) == "Sampling · 2 min left"


def test_other_jobs_are_counted() -> None:
    assert progress_line(JobView("j", "t", "Starting"), 2, tr) == "Starting · 2 more waiting"


def test_what_is_being_stopped_has_no_time_left() -> None:
    job = JobView("j", "t", "Stopping", 0.5, 20, is_stopping=True)
    assert progress_line(job, 0, tr) == "Stopping"


def fractions(*events: tuple[Phase, int, int]) -> list[float | None]:
    """How far the bar is after each: phase, step, of."""
    view, reached = JobView("j", "t", "Starting"), []
    for phase, step, of in events:
        view = advanced(view, Progress("j", 1, phase, step, of, -1, ""), tr)
        reached.append(view.fraction)
    return reached


def test_decoding_one_of_several_variations_does_not_move_the_bar() -> None:
    first, last = (Phase.SAMPLING, 10, 20), (Phase.SAMPLING, 20, 20)
    assert fractions(first, (Phase.DECODING, 0, 1), last) == pytest.approx([0.5, 0.5, 0.95])
    assert fractions(last, (Phase.DECODING, 1, 1)) == pytest.approx([0.95, 1.0])


def test_the_bar_of_a_loaded_model_makes_room_for_that_of_the_job() -> None:
    loaded = (Phase.LOADING, 100, 100)
    assert fractions(loaded, (Phase.ENCODING, 0, 1)) == pytest.approx([1.0, 0.0])
