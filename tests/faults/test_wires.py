"""Connections that are cut, go dead or are slow, in the midst of messages and pixels."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scumble_protocol.client import Client, Connected, Result, connecting, websocket
from tests.end_to_end.server_process import Painter, regenerate
from tests.faults.expected import Undisturbed
from tests.faults.inspection import inspect
from tests.faults.servers import serving
from tests.faults.wire import DOWN, UP, Wire, wire
from tests.timing import IS_NIGHTLY, MS

pytestmark = pytest.mark.timeout(600)

PING_SECONDS = 20
"""Between two pings of `websockets`."""

SIDE = 256
"""A picture of 256 KiB: several pieces on the wire in both directions."""


@contextlib.contextmanager
def painter_by(way: Wire) -> Iterator[Painter]:
    """A client that is connected by this wire."""
    client = Client(way.locate, name="test", version="1")
    client.start()
    try:
        here = Painter(client)
        here.until(lambda event: isinstance(event, Connected))
        yield here
    finally:
        client.close()


def assert_done_once(ann: Painter, job: str, undisturbed: Undisturbed) -> None:
    """That the result comes whole, once, and is what it shall be."""
    undisturbed.check(ann.result(job))
    ann.client.acknowledge(job)
    assert sum(isinstance(event, Result) for event in ann.heard) == 1


@pytest.mark.parametrize("way", [UP, DOWN])
@pytest.mark.parametrize("count", [0, 5, 100, 1000, 50_000])
def test_a_job_goes_through_a_wire_that_is_cut_anywhere(
    way: str, count: int, state: Path, undisturbed: Undisturbed
) -> None:
    request, blobs = regenerate(side=SIDE, steps=2)
    undisturbed.learn((request, blobs))
    with serving(state), wire(state) as line, painter_by(line) as ann:
        line.cut_after(count, way)
        job = ann.submit(request, blobs)
        line.happened()
        assert_done_once(ann, job, undisturbed)
        assert line.connections > 1
    inspect(state, sent=blobs)


def test_a_job_goes_through_a_wire_that_is_cut_again_and_again(
    state: Path, undisturbed: Undisturbed
) -> None:
    request, blobs = regenerate(side=SIDE, steps=2)
    undisturbed.learn((request, blobs))
    with serving(state), wire(state) as line, painter_by(line) as ann:
        job = ann.submit(request, blobs)
        for _ in range(3):  # whatever came before is sent again, so that only patience helps
            line.cut_after(50_000, DOWN)
            line.happened()
            ann.client.retry()
        assert_done_once(ann, job, undisturbed)
    inspect(state, sent=blobs)


@pytest.fixture
def watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that looks at a silent wire for some tenths of a second, instead of minutes."""
    quick = functools.partial(websocket.connect, ping_interval=300 * MS)
    monkeypatch.setattr(connecting, "connect", quick)
    monkeypatch.setattr(connecting, "SILENT_SECONDS", 300 * MS)


@pytest.mark.parametrize("way", [UP, DOWN])
@pytest.mark.parametrize("count", [0, 1000, 50_000])
@pytest.mark.usefixtures("watchful")
def test_a_wire_that_goes_dead_is_noticed_by_the_client(
    way: str, count: int, state: Path, undisturbed: Undisturbed
) -> None:
    assert seconds_with_a_dead_wire(way, count, state, undisturbed) < 30_000 * MS


@pytest.mark.skipif(not IS_NIGHTLY, reason="takes minutes: SCUMBLE_TEST_EXAMPLES=thorough")
def test_a_dead_wire_is_noticed_in_its_true_time(state: Path, undisturbed: Undisturbed) -> None:
    seconds = seconds_with_a_dead_wire(UP, 1000, state, undisturbed)
    assert seconds < PING_SECONDS + connecting.SILENT_SECONDS + 30_000 * MS


def seconds_with_a_dead_wire(way: str, count: int, state: Path, undisturbed: Undisturbed) -> float:
    """How long a job takes whose wire goes dead after so many bytes."""
    request, blobs = regenerate(side=SIDE, steps=2)
    undisturbed.learn((request, blobs))
    with serving(state), wire(state) as line, painter_by(line) as ann:
        line.stop_after(count, way)
        job = ann.submit(request, blobs)
        line.happened()
        stopped = time.monotonic()
        line.flow()
        assert_done_once(ann, job, undisturbed)
        seconds = time.monotonic() - stopped
    inspect(state, sent=blobs)
    return seconds


def test_a_slow_wire_delays_and_loses_nothing(state: Path, undisturbed: Undisturbed) -> None:
    request, blobs = regenerate(side=SIDE, steps=2)
    undisturbed.learn((request, blobs))
    with serving(state), wire(state) as line, painter_by(line) as ann:
        line.delay, line.portion = 5 * MS, 4096
        assert_done_once(ann, ann.submit(request, blobs), undisturbed)
    inspect(state, sent=blobs)


def test_threads_of_dead_connections_end(state: Path) -> None:
    before = threading.active_count()
    with serving(state), wire(state) as line:
        for _ in range(5):
            with painter_by(line):
                line.cut()
    deadline = time.monotonic() + 10_000 * MS
    while threading.active_count() > before + 1 and time.monotonic() < deadline:
        time.sleep(20 * MS)
    assert threading.active_count() <= before + 1  # the wire's own may still be at its end
