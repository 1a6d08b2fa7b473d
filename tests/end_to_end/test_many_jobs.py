"""A server whose journal has ten thousand finished jobs: it listens soon, and answers soon."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.geometry import Size
from scumble_protocol.images import ImageRef
from scumble_protocol.job_list import AskJobs, Jobs
from scumble_protocol.messages import Accepted, Finished, ResultLayer, Started, Status
from scumble_protocol.pixels import PixelFormat
from scumble_server.jobs.journal import Journal, Sender
from tests.end_to_end.server_process import painter, running_server
from tests.protocol.samples import REGENERATE
from tests.timing import MS

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_protocol.client import ClientEvent

COUNT = 10_000
SOON = 2_000 * MS
"""What is promised, for the server's own part: Python and its modules take as long as they take."""


def write_jobs(state: Path, count: int) -> None:
    """A journal with so many finished jobs, each with two pictures of its own."""
    (state / "blobs").mkdir(parents=True)
    journal = Journal(state / "journal.sqlite")
    for number in range(count):
        job = f"{number:032x}"
        image, mask = (write_picture(state, f"{kind}{number}") for kind in ("image", "mask"))
        request = replace(REGENERATE, seed=number)
        journal.accept(Accepted(job, 1, 0), Sender("local", "ann", "Krita"), request)
        journal.note(Started(job, 2))
        layer = ResultLayer(REGENERATE.context, image, mask, number)
        journal.finish(Finished(job, 3, request, (layer,), ()))
    journal.close()


def write_picture(state: Path, name: str) -> ImageRef:
    data = name.encode()
    (state / "blobs" / blob_id(data)).write_bytes(data)
    return ImageRef(blob_id(data), Size(len(data), 1), PixelFormat.GRAY8)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("crowded") / "state"
    write_jobs(state, COUNT)
    return state


def seconds_to_listen(state: Path) -> float:
    """The shortest of three, since a machine that is busy elsewhere takes any time."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        with running_server(state):
            took.append(time.monotonic() - began)
    return min(took)


def test_ten_thousand_finished_jobs_keep_nobody_waiting_for_the_server(
    crowded: Path, tmp_path: Path
) -> None:
    assert seconds_to_listen(crowded) - seconds_to_listen(tmp_path / "empty") < SOON


def test_they_are_all_there_and_answers_come_between(crowded: Path) -> None:
    with running_server(crowded) as server, painter(server.state) as ann:
        ann.client.ask(AskJobs(0, 1000))
        page = ann.until(lambda event: isinstance(event, Jobs))
        assert isinstance(page, Jobs)
        assert (len(page.jobs), page.total) == (1000, COUNT)
        assert page.jobs[0].place == COUNT
        ann.client.ask_status()
        status = ann.until(is_status)
        assert isinstance(status, Status)
        assert status.kept_jobs == COUNT
        assert status.kept_bytes == sum(
            entry.stat().st_size for entry in (server.state / "blobs").iterdir()
        )
        assert status.keep_days == 30
        assert status.keep_unseen_days == 7
        assert status.disk_free > 0
        oldest = f"{0:032x}"
        ann.client.attach(oldest)
        assert ann.result(oldest).blobs[blob_id(b"image0")] == b"image0"


def is_status(event: ClientEvent) -> bool:
    return isinstance(event, Status)
