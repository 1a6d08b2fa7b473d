"""A server in long use by many clients: it takes no more of anything, and gives all the same."""

from __future__ import annotations

import contextlib
import logging
import random
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scumble_protocol.client import Client, Result, local_server
from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import Accepted, Cancelled, Failed, Refused, Started
from tests.end_to_end.server_process import Painter, painter, regenerate
from tests.faults.conftest import state_with
from tests.faults.forked import PATIENCE
from tests.faults.inspection import inspect
from tests.faults.servers import serving
from tests.timing import IS_NIGHTLY, MS

_log = logging.getLogger(__name__)

CLIENTS = 16
JOBS = 2000 if IS_NIGHTLY else 200
WINDOW = 100
"""Jobs before the first look."""

SEED = 20_263
SHARERS = 5
SHARE = 10
GREEDY = 15
"""Clients in the test of fairness, and what each of them asks for; one of them for more."""


@dataclass(frozen=True)
class Use:
    """What a process takes.

    Args:
        memory: Bytes that are its own alone and in memory: what is shared with the process that it
            was forked from is counted there.
        threads: How many.
        files: Open file descriptors.
    """

    memory: int
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int) -> Use:
        """What a process takes when it rests: the least of some looks."""
        process = Path("/proc") / str(pid)
        looks = []
        for _ in range(10):
            time.sleep(50 * MS)
            sizes = (process / "smaps_rollup").read_text().splitlines()
            kilobytes = next(int(line.split()[1]) for line in sizes if line.startswith("Rss:"))
            looks.append(kilobytes * 1024)
        return cls(
            int(statistics.median(looks)),
            len(list((process / "task").iterdir())),
            len(list((process / "fd").iterdir())),
        )


@dataclass
class Visitor:
    """A client that always has something to do.

    Args:
        state: The server's state folder.
        name: Its name.
        open: Its jobs that have not ended.
        accepted: Those that the server said to have.
        done: How many ended.
    """

    state: Path
    name: str
    open: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    done: int = 0

    def __post_init__(self) -> None:
        self.client = self._connect()

    def _connect(self) -> Client:
        client = Client(local_server(self.state), name=self.name, version="1", cache_bytes=2**20)
        client.start()
        return client

    def order(self, seed: int) -> None:
        """Ask for a small job."""
        self.open.add(self.client.submit(*regenerate(seed=seed, steps=1)))

    def listen(self) -> None:
        """Take in what happened."""
        for event in self.client.poll():
            job = getattr(event, "job", "")
            assert not isinstance(event, Failed), event
            if isinstance(event, Accepted):
                self.accepted.add(job)
            if isinstance(event, Result):
                self.client.acknowledge(job)
            if isinstance(event, Refused):  # it went before the pictures were all sent
                assert event.code is ErrorCode.UNKNOWN_JOB, event
                assert job not in self.accepted, event
            if isinstance(event, (Result, Cancelled, Refused)) and job in self.open:
                self.open.discard(job)
                self.done += 1

    def cancel(self, numbers: random.Random) -> None:
        """Stop one of the jobs."""
        if self.open:
            self.client.cancel(numbers.choice(sorted(self.open)))

    def come_back(self) -> None:
        """Go without a word of what is under way, and come back for it."""
        self.client.close(timeout=5)
        self.listen()
        self.client = self._connect()
        for job in self.open:
            self.client.attach(job)


def finish(visitors: list[Visitor], jobs: int, numbers: random.Random) -> None:
    """Have so many jobs done by all of them together, and nothing left under way."""
    ordered, goal = 0, sum(visitor.done for visitor in visitors) + jobs
    deadline = time.monotonic() + PATIENCE + jobs
    while sum(visitor.done for visitor in visitors) < goal:
        assert time.monotonic() < deadline
        for visitor in visitors:
            visitor.listen()
            if ordered < jobs and len(visitor.open) < 2:
                visitor.order(numbers.randrange(2**30))
                ordered += 1
                if numbers.random() < 0.1:
                    visitor.cancel(numbers)
                if numbers.random() < 0.05:
                    visitor.come_back()
        time.sleep(5 * MS)


@pytest.mark.timeout(3600)
def test_two_thousand_jobs_leave_nothing_behind(tmp_path: Path, model: Path) -> None:
    state = state_with(model, tmp_path / "state")
    numbers = random.Random(SEED)  # noqa: S311
    # Caches that are full after the first hundred jobs, so that what grows then is a leak.
    caches = {"memory_cache_bytes": 2**18, "cache_bytes": 2**18, "keep_bytes": 2**20}
    with serving(state, keep_unseen_days=0, **caches) as server:
        visitors = [Visitor(state, f"visitor {number}") for number in range(CLIENTS)]
        finish(visitors, WINDOW, numbers)
        first = Use.of(server.pid)
        began = time.monotonic()
        finish(visitors, JOBS - WINDOW, numbers)
        seconds = time.monotonic() - began
        last = Use.of(server.pid)
        for visitor in visitors:
            visitor.client.close()
        temporary = list(server.words.with_suffix("").iterdir())
        parts = list((state / "blobs").glob("*.part"))
    _log.warning(
        "%d jobs, %.0f a minute; after %d: %s, in the end: %s, memory %+.2f %%",
        JOBS,
        60 * (JOBS - WINDOW) / seconds,
        WINDOW,
        first,
        last,
        100 * (last.memory / first.memory - 1),
    )
    assert last.memory < 1.02 * first.memory
    assert last.threads <= first.threads
    assert last.files <= first.files
    assert temporary == parts == []
    inspect(state, sent=[path.name for path in (state / "blobs").iterdir()])


@pytest.mark.timeout(600)
def test_clients_that_want_all_get_the_same_share(tmp_path: Path, model: Path) -> None:
    """One asks for as much as it may before anybody else comes, and gets no more for that."""
    state = state_with(model, tmp_path / "state")
    with serving(state), contextlib.ExitStack() as stack:
        painters = [stack.enter_context(painter(state, f"client {n}")) for n in range(SHARERS)]
        first, others = painters[0], painters[1:]
        blocker = first.submit(*regenerate(steps=150, strength=1.0))
        first.sampling(blocker)  # so that nothing else begins before all are in line
        mine = [[first.submit(*regenerate(seed=seed, steps=1)) for seed in range(GREEDY)]]
        for other in others:
            jobs = [other.submit(*regenerate(seed=seed, steps=1)) for seed in range(SHARE)]
            mine.append(jobs)
        for each, jobs in zip(painters, mine, strict=True):
            wait_until_accepted(each, jobs)
        for other, jobs in zip(others, mine[1:], strict=True):
            for job in jobs:
                other.result(job)
        first.heard += first.client.poll()
        shares = [len(begun(each, jobs)) for each, jobs in zip(painters, mine, strict=True)]
    _log.warning("Jobs of each client by the time that all but the first had theirs: %s", shares)
    assert max(shares) <= 1.1 * min(shares)


def wait_until_accepted(who: Painter, jobs: list[str]) -> None:
    while not set(jobs) <= {event.job for event in who.heard if isinstance(event, Accepted)}:
        who.until(lambda event: isinstance(event, Accepted))


def begun(who: Painter, jobs: list[str]) -> set[str]:
    return {event.job for event in who.heard if isinstance(event, Started) and event.job in jobs}
