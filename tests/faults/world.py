"""Painters, servers and a wire between them, and a model of what must be true of their jobs."""

from __future__ import annotations

import contextlib
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from scumble_protocol.client import Client, Result
from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import Accepted, Cancelled, Failed, Finished, Refused, Status
from tests.end_to_end.server_process import regenerate
from tests.faults.editors import edited
from tests.faults.forked import PATIENCE, Forked
from tests.faults.inspection import Ends, inspect
from tests.faults.servers import Server
from tests.faults.wire import DOWN, UP, Wire
from tests.timing import MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scumble_protocol.client import ClientEvent
    from scumble_protocol.requests import Regenerate
    from tests.faults.expected import Undisturbed

POINTS: Final = (
    "heard.submit",
    "blob.rename#1",
    "blob.rename#3",
    "journal.accept:before",
    "journal.accept:after",
    "said.accepted:after#2",
    "journal.note:before",
    "journal.note:after#2",
    "phase.encoding",
    "phase.sampling#2",
    "phase.sampling#7",
    "phase.decoding#2",
    "worker.done:before",
    "worker.done:after#2",
    "journal.finish:before",
    "journal.finish:after",
    "said.finished:before#2",
    "said.chunk:after",
    "said.chunk:before#3",
    "heard.acknowledge",
    "journal.acknowledge:before",
    "journal.acknowledge:after",
    "heard.cancel",
    "heard.forget",
    "journal.forget:before",
    "journal.forget:after",
)
"""Where a server dies; one that gets to no such point dies at a random moment."""

MOST_OPEN: Final = 10
"""Jobs that have not ended, above which none is asked for: a server refuses the seventeenth."""

EDITOR_POINTS: Final = (
    "remembered#2",
    "said.submit:after",
    "said.piece:after#2",
    "heard.accepted",
    "heard.progress",
    "heard.finished",
    "heard.BlobArrived",
    "placed",
    "said.acknowledge:before",
)
"""Where an editor dies, which is a process of its own."""

SEEDS: Final = 6
"""Different requests that there are."""


@dataclass
class Told:
    """What is known of a job.

    Args:
        request: What it asks for.
        is_accepted: Whether its client was told that it is accepted.
        end: How its client was told that it ended.
        is_cancelled: Whether its client asked to stop it.
        is_acknowledged: Whether its client said that it has the result.
        is_forgotten: Whether its client asked to forget it.
    """

    request: Regenerate
    is_accepted: bool = False
    end: ClientEvent | None = None
    is_cancelled: bool = False
    is_acknowledged: bool = False
    is_forgotten: bool = False


@dataclass
class World:
    """One state folder, one server after the other, one client after the other, and an editor.

    Args:
        state: The state folder.
        undisturbed: What requests give.
        seed: Decides everything that happens, but for the moments.
    """

    state: Path
    undisturbed: Undisturbed
    seed: int
    jobs: dict[str, Told] = field(default_factory=dict)
    kills: int = 0

    def __post_init__(self) -> None:
        self.numbers = random.Random(self.seed)  # noqa: S311
        self.asked = [regenerate(seed=seed, steps=3 + seed) for seed in range(SEEDS)]
        self.undisturbed.learn(*self.asked)
        self.wire = Wire(self.state)
        self.client = self._new_client()

    def close(self) -> None:
        """End the client and the wire."""
        self.client.close()
        self.wire.close()

    def round(self) -> None:
        """A server lives, things happen, it is killed; then the folder is looked at."""
        faults = []
        if self.numbers.random() < 0.6:
            faults = [f"kill@{self.numbers.choice(POINTS)}"]
        server = Server(self.state, *faults)
        editor = self._editor() if self.numbers.random() < 0.25 else None
        server.is_up()
        self.client.retry()
        for _ in range(self.numbers.randint(1, 4)):
            self._act()
            self._listen(self.numbers.uniform(0, 0.25))
        until = time.monotonic() + self.numbers.uniform(0.05, 0.7)
        while server.is_alive and time.monotonic() < until:
            self._listen(0.02)
        server.kill()
        self.kills += 1
        if editor is not None:
            editor.kill()
        self._listen(0)
        self.check()

    def settle(self) -> None:
        """A server to which nothing happens ends all jobs, and all results come."""
        server = Server(self.state, cache_bytes=0)
        server.listening()
        self.wire.flow()
        self.client.retry()
        deadline = time.monotonic() + PATIENCE
        while any(told.end is None and not told.is_forgotten for told in self.jobs.values()):
            assert time.monotonic() < deadline, [t for t in self.jobs.values() if t.end is None]
            self._listen(0.02)
        while self._to_do() and time.monotonic() < deadline:
            time.sleep(50 * MS)
        editor = edited(self.state, self.state.parent)
        assert editor.ended() == 0  # it has got, or knows to be lost, whatever it remembered
        assert server.terminate() == 0
        ends = self.check(is_strict=True)
        assert all(end is not None for end in ends.ends.values())

    def _to_do(self) -> int:
        """How many jobs the server still has to do, as it says itself."""
        self.client.ask_status()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for event in self.client.poll():
                if isinstance(event, Status):
                    return event.waiting + event.running
                self._take(event)
            self.client.wait(20 * MS)
        raise TimeoutError

    def check(self, *, is_strict: bool = False) -> Ends:
        """Compare the folder, whose server has ended, with what clients were told."""
        sent = () if is_strict else [path.name for path in (self.state / "blobs").iterdir()]
        ends = inspect(self.state, sent=sent)
        for job, told in self.jobs.items():
            if job not in ends.ends:
                may_be_gone = told.is_forgotten or not told.is_accepted
                assert may_be_gone, f"{job} was accepted, and is gone"
                continue
            end = ends.ends[job]
            if isinstance(end, Finished):
                assert end.layers == self.undisturbed.layers(told.request)
            if isinstance(end, Failed):
                assert end.code is ErrorCode.CRASHED, end
                assert ends.attempts[job] >= 2
            if isinstance(end, Cancelled):
                assert told.is_cancelled
            if told.end is not None and told.is_accepted:
                said = "finished" if isinstance(told.end, Result) else told.end.type  # type: ignore[union-attr]
                assert end is not None, f"{job} was told to be {said}"
                assert end.type == said
        return ends

    def _editor(self) -> Forked:
        point = self.numbers.choice(EDITOR_POINTS)
        return edited(self.state, self.state.parent, f"kill@{point}", orders=1)

    def _act(self) -> None:
        actions = (
            (6, self._submit),
            (2, self._cancel),
            (3, self._acknowledge),
            (1, self._forget),
            (2, self._cut),
            (1, self._lose_client),
        )
        weights = [weight for weight, _ in actions]
        (chosen,) = self.numbers.choices([action for _, action in actions], weights)
        chosen()

    def _submit(self) -> None:
        if sum(told.end is None for told in self.jobs.values()) > MOST_OPEN:
            return
        for _ in range(self.numbers.randint(1, 3)):
            request, blobs = self.numbers.choice(self.asked)
            self.jobs[self.client.submit(request, blobs)] = Told(request)

    def _cancel(self) -> None:
        if live := [job for job, told in self.jobs.items() if told.end is None]:
            job = self.numbers.choice(live)
            self.jobs[job].is_cancelled = True
            self.client.cancel(job)

    def _acknowledge(self) -> None:
        for job, told in self.jobs.items():
            if isinstance(told.end, Result) and not told.is_acknowledged:
                told.is_acknowledged = True
                self.client.acknowledge(job)

    def _forget(self) -> None:
        if ended := [job for job, told in self.jobs.items() if told.end is not None]:
            job = self.numbers.choice(ended)
            self.jobs[job].is_forgotten = True
            self.client.forget(job)

    def _cut(self) -> None:
        way = self.numbers.choice((UP, DOWN))
        self.wire.cut_after(self.numbers.choice((0, 10, 300, 5000)), way)

    def _lose_client(self) -> None:
        """The client is gone, and the next one knows what it was told, but was never accepted."""
        self.client.close(timeout=1)
        self._listen(0)
        self.client = self._new_client()
        for job, told in self.jobs.items():
            if told.end is None and not told.is_forgotten:
                self.client.attach(job)

    def _new_client(self) -> Client:
        client = Client(self.wire.locate, name="test", version="1")
        client.start()
        return client

    def _listen(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            for event in self.client.poll():
                self._take(event)
            left = until - time.monotonic()
            if left <= 0:
                return
            self.client.wait(left)

    def _take(self, event: ClientEvent) -> None:
        told = self.jobs.get(getattr(event, "job", ""))
        if told is None:
            return
        if isinstance(event, Accepted):
            told.is_accepted = True
        if isinstance(event, (Result, Failed, Cancelled, Refused)):
            assert told.end is None, f"{event} after {told.end}"
            told.end = event
        if isinstance(event, Result):
            self.undisturbed.check(event)
        if isinstance(event, Refused):
            assert event.code is ErrorCode.UNKNOWN_JOB, event
            assert not told.is_accepted, "it was accepted, and is unknown"


@contextlib.contextmanager
def world(state: Path, undisturbed: Undisturbed, seed: int) -> Iterator[World]:
    """A world that is taken down at the end."""
    made = World(state, undisturbed, seed)
    try:
        yield made
    finally:
        made.close()
