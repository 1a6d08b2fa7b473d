"""A server that is killed at a named point of a job's life, and the next one on the same folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scumble_protocol.client import Result
from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import Accepted, Cancelled, Failed, Status
from tests.end_to_end.server_process import Painter, painter, regenerate
from tests.faults.conftest import OTHER
from tests.faults.expected import Undisturbed
from tests.faults.inspection import inspect
from tests.faults.servers import Server, serving

pytestmark = pytest.mark.timeout(600)  # the first server of a session takes its time to import

UNTIL_DELIVERED = [
    "heard.submit",
    "blob.put:before",
    "blob.rename#1",
    "blob.rename#2",
    "journal.accept:before",
    "journal.accept:after",
    "said.accepted:before",
    "said.accepted:after",
    "journal.note:before",
    "journal.note:after",
    "said.started:after",
    "engine.run:before#2",
    "phase.loading",
    "phase.encoding",
    "phase.sampling#1",
    "phase.sampling#2",
    "phase.sampling#4",
    "said.preview:after",
    "phase.decoding",
    "engine.run:after#2",
    "worker.done:before",
    "blob.rename#3",
    "blob.put:after#3",
    "blob.rename#4",
    "worker.done:after",
    "journal.finish:before",
    "journal.finish:after",
    "said.finished:before",
    "said.finished:after",
    "heard.want",
    "said.chunk:before#1",
    "said.chunk:after#1",
    "said.chunk:before#2",
]
"""Points that are reached before a client has its result, in that order."""

NO_CACHE: dict[str, Any] = {"cache_bytes": 0}
"""The settings of a server that keeps no picture beyond what jobs need."""

ONCE_DELIVERED = [
    "said.chunk:after#2",
    "heard.acknowledge",
    "journal.acknowledge:before",
    "journal.acknowledge:after",
]


def settled(ann: Painter) -> None:
    """Wait until the server has heard everything that was said so far."""
    ann.client.ask_status()
    ann.until(lambda event: isinstance(event, Status))


@pytest.mark.parametrize("point", UNTIL_DELIVERED + ONCE_DELIVERED)
def test_a_job_survives_the_death_of_its_server(
    point: str, state: Path, undisturbed: Undisturbed
) -> None:
    request, blobs = regenerate(model=OTHER)
    undisturbed.learn((request, blobs))
    with serving(state, f"kill@{point}") as killed, painter(state) as ann:
        job = ann.submit(request, blobs)
        if point in ONCE_DELIVERED:
            ann.result(job)
            ann.client.acknowledge(job)
        killed.died()
        with serving(state, **NO_CACHE):
            ann.client.retry()
            undisturbed.check(ann.result(job))
            ann.client.acknowledge(job)
            settled(ann)
    assert [event.job for event in ann.heard if isinstance(event, Result)] == [job]
    ends = inspect(state)
    assert set(ends.ends) == {job}
    assert ends.layers(job) == undisturbed.layers(request)


@pytest.mark.parametrize("point", ["journal.accept:after", "phase.sampling#2", "worker.done:after"])
def test_a_cancelled_job_is_not_made_again(point: str, state: Path) -> None:
    request, blobs = regenerate()
    with serving(state, f"kill@{point}") as killed, painter(state) as ann:
        job = ann.submit(request, blobs)
        killed.died()
        ann.client.cancel(job)
        with serving(state, **NO_CACHE):
            ann.client.retry()
            ends = (ann.end_of(job),)
            settled(ann)
    assert isinstance(ends[0], Cancelled | Result)
    assert sum(isinstance(event, Cancelled | Result) for event in ann.heard) == 1
    inspect(state)


@pytest.mark.parametrize("point", ["journal.forget:before", "journal.forget:after"])
def test_a_server_that_dies_while_it_forgets_leaves_all_or_nothing(
    point: str, state: Path, undisturbed: Undisturbed
) -> None:
    request, blobs = regenerate()
    undisturbed.learn((request, blobs))
    with serving(state, f"kill@{point}") as killed, painter(state) as ann:
        job = ann.submit(request, blobs)
        ann.result(job)
        ann.client.forget(job)
        killed.died()
    with serving(state, **NO_CACHE):
        pass
    ends = inspect(state)
    if ends.ends:
        assert ends.layers(job) == undisturbed.layers(request)


@pytest.mark.parametrize("point", ["journal.forget:before", "journal.forget:after#2"])
def test_a_server_that_dies_while_retention_deletes_leaves_all_or_nothing(
    point: str, state: Path, undisturbed: Undisturbed
) -> None:
    asked = [regenerate(seed=seed) for seed in range(4)]
    undisturbed.learn(*asked)
    with serving(state), painter(state) as ann:
        jobs = [ann.submit(*one) for one in asked]
        for job in jobs:
            ann.result(job)
        for job in jobs[:3]:
            ann.client.acknowledge(job)
        settled(ann)
    server = Server(state, f"kill@{point}", keep_days=0)
    server.died()
    with serving(state, **NO_CACHE):
        pass
    ends = inspect(state)
    assert jobs[3] in ends.ends, "nobody acknowledged it"
    assert len(ends.ends) == {"journal.forget:before": 4, "journal.forget:after#2": 2}[point]
    for job, (request, _) in zip(jobs, asked, strict=True):
        if job in ends.ends:
            assert ends.layers(job) == undisturbed.layers(request)


def test_a_job_that_ends_every_server_is_not_tried_a_third_time(
    state: Path, undisturbed: Undisturbed
) -> None:
    request, blobs = regenerate(steps=6)
    other, more = regenerate(seed=8)
    undisturbed.learn((other, more))
    with serving(state, "kill@phase.sampling#3") as first, painter(state) as ann:
        job, behind = ann.submit(request, blobs), ann.submit(other, more)
        first.died()
        second = Server(state, "kill@phase.sampling#3")
        second.died()
        with serving(state, **NO_CACHE):
            ann.client.retry()
            end = ann.end_of(job)
            assert isinstance(end, Failed)
            assert end.code is ErrorCode.CRASHED
            assert end.hint
            undisturbed.check(ann.result(behind))
            ann.client.acknowledge(behind)
            settled(ann)
    ends = inspect(state)
    assert isinstance(ends.ends[job], Failed)
    assert ends.layers(behind) == undisturbed.layers(other)


def test_the_jobs_behind_one_that_is_killed_are_done_in_their_order(
    state: Path, undisturbed: Undisturbed
) -> None:
    asked = [regenerate(seed=seed) for seed in range(4)]
    undisturbed.learn(*asked)
    with serving(state, "kill@phase.sampling#4") as killed, painter(state) as ann:
        jobs = [ann.submit(*one) for one in asked]
        killed.died()
        with serving(state, **NO_CACHE):
            ann.client.retry()
            for job in jobs:
                undisturbed.check(ann.result(job))
                ann.client.acknowledge(job)
            settled(ann)
    arrived = [event.job for event in ann.heard if isinstance(event, Result)]
    assert arrived == jobs
    assert all(any(isinstance(e, Accepted) and e.job == job for e in ann.heard) for job in jobs)
    inspect(state)
