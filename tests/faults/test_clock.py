"""A wall clock that jumps by years, forward and back: nothing is deleted early, nothing fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from scumble_protocol.messages import Status
from tests.end_to_end.server_process import painter, regenerate
from tests.faults.clock import YEARS
from tests.faults.expected import Undisturbed
from tests.faults.inspection import inspect
from tests.faults.servers import serving
from tests.faults.test_server_killed import settled

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("wrong", [[10 * YEARS, 0.0], [-10 * YEARS, 10 * YEARS, -10 * YEARS]])
def test_results_outlive_clocks_that_jump_between_runs(
    wrong: list[float], state: Path, undisturbed: Undisturbed
) -> None:
    request, blobs = regenerate()
    undisturbed.learn((request, blobs))
    with serving(state), painter(state) as ann:
        jobs = [ann.submit(request, blobs)]
        ann.result(jobs[0])
        ann.client.acknowledge(jobs[0])
        settled(ann)
    for seconds in wrong:
        with serving(state, clock_wrong=seconds), painter(state) as ann:
            jobs.append(ann.submit(request, blobs))
            undisturbed.check(ann.result(jobs[-1]))
            settled(ann)
    with serving(state), painter(state) as bob:
        for job in jobs:
            bob.client.attach(job)
            undisturbed.check(bob.result(job))
    ends = inspect(state, sent=blobs)
    assert all(ends.layers(job) == undisturbed.layers(request) for job in jobs)


@pytest.mark.parametrize("jump", ["ahead", "back"])
@pytest.mark.parametrize(
    "point", ["journal.accept:before", "phase.sampling#2", "said.finished:after"]
)
def test_a_clock_that_jumps_in_the_midst_of_a_job_changes_nothing(
    jump: str, point: str, state: Path, undisturbed: Undisturbed
) -> None:
    request, blobs = regenerate()
    undisturbed.learn((request, blobs))
    with serving(state, f"{jump}@{point}"), painter(state) as ann:
        first = ann.submit(request, blobs)
        undisturbed.check(ann.result(first))
        second = ann.submit(request, blobs)
        undisturbed.check(ann.result(second))
        ann.client.ask_status()
        status = ann.until(lambda event: isinstance(event, Status))
        assert isinstance(status, Status)
        assert 0 <= status.uptime < YEARS
    with serving(state):
        pass
    assert set(inspect(state, sent=blobs).ends) == {first, second}
