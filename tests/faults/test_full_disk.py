"""A disk without room, at every point at which a job has something written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from scumble_protocol.client import Result
from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import Failed, Finished, Refused
from tests.end_to_end.server_process import painter, regenerate
from tests.faults.conftest import state_with
from tests.faults.expected import Undisturbed
from tests.faults.fault import fill_disk
from tests.faults.inspection import inspect
from tests.faults.servers import Server, serving
from tests.faults.small_disk import make_room, small_disk, take_room
from tests.faults.test_server_killed import settled

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(params=["a disk of its own", "a limit"])
def cramped(request: pytest.FixtureRequest, tmp_path: Path, model: Path) -> Iterator[Path]:
    """A state folder whose disk can be filled."""
    if request.param == "a limit":
        yield state_with(model, tmp_path / "state")
        return
    with small_disk(tmp_path / "disk") as is_mounted:
        if not is_mounted:
            pytest.skip("nothing may be mounted here; the limit does the same with EFBIG")
        yield state_with(model, tmp_path / "disk" / "state")


@pytest.mark.parametrize(
    ("point", "kind"),
    [
        ("heard.submit", Refused),
        ("journal.accept:before", Refused),
        ("said.accepted:after", Failed),
        ("phase.decoding", Failed),
        ("blob.put:after#3", Failed),
        ("worker.done:after", Failed),
    ],
)
def test_a_full_disk_is_said_and_the_next_job_works_once_there_is_room(
    point: str, kind: type, cramped: Path, undisturbed: Undisturbed
) -> None:
    request, blobs = regenerate()
    undisturbed.learn((request, blobs))
    with serving(cramped, f"full@{point}") as server, painter(cramped) as ann:
        end = ann.end_of(ann.submit(request, blobs))
        assert isinstance(end, kind), end
        assert getattr(end, "code", None) is ErrorCode.DISK_FULL, end
        make_room(server)
        job = ann.submit(request, blobs)
        if isinstance(ann.end_of(job), Refused):  # its other picture had not failed yet
            job = ann.submit(request, blobs)
        undisturbed.check(ann.result(job))
        ann.client.acknowledge(job)
        settled(ann)
    assert inspect(cramped, sent=blobs).layers(job) == undisturbed.layers(request)


@pytest.mark.parametrize("point", ["phase.sampling#2", "worker.done:after"])
def test_a_job_that_failed_for_want_of_room_ends_that_one_way(point: str, cramped: Path) -> None:
    request, blobs = regenerate()
    with serving(cramped, f"full@{point}") as server:
        with painter(cramped) as ann:
            job = ann.submit(request, blobs)
            assert isinstance(ann.end_of(job), Failed)
        make_room(server)
    with serving(cramped), painter(cramped, "a later editor") as bob:
        bob.client.attach(job)
        assert isinstance(bob.end_of(job), Failed)
    assert isinstance(inspect(cramped, sent=blobs).ends[job], Failed)


def test_what_was_accepted_before_the_disk_was_full_is_done_afterwards(
    cramped: Path, undisturbed: Undisturbed
) -> None:
    asked = [regenerate(seed=seed) for seed in range(3)]
    undisturbed.learn(*asked)
    with serving(cramped, "kill@phase.sampling#3") as server, painter(cramped) as ann:
        jobs = [ann.submit(*one) for one in asked]
        server.died()
        if cramped.parent.is_mount():
            fill_disk(cramped)
            full = Server(cramped)  # whether it can serve or not, it must not lose anything
            with contextlib.suppress(AssertionError):
                full.listening()
            full.kill()
            make_room(full)
        with serving(cramped):
            ann.client.retry()
            for job in jobs:
                undisturbed.check(ann.result(job))
            settled(ann)
    ends = inspect(cramped, sent={blob for _, blobs in asked for blob in blobs}).ends
    assert all(isinstance(ends[job], Finished) for job in jobs)


def test_results_stay_while_the_disk_is_full(cramped: Path, undisturbed: Undisturbed) -> None:
    request, blobs = regenerate()
    undisturbed.learn((request, blobs))
    with serving(cramped) as server, painter(cramped) as ann:
        job = ann.submit(request, blobs)
        undisturbed.check(ann.result(job))
        take_room(server)
        other, more = regenerate(seed=5)
        assert not isinstance(ann.end_of(ann.submit(other, more)), Result)
        with painter(cramped, "bob") as bob:
            bob.client.attach(job)
            undisturbed.check(bob.result(job))
        make_room(server)
