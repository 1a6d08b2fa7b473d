"""What is said about a job while it runs."""

from __future__ import annotations

from scumble_protocol.editor.language import Language
from scumble_protocol.editor.progress import progress_line
from scumble_protocol.editor.view import JobView

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
