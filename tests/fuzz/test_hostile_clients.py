"""Hostile clients of every kind, over real websockets, against a server that others paint with.

The server answers or closes; the jobs of an honest client beside them end with the pixels of an
undisturbed run; the memory stays bounded; the log tells of no defect.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import psutil
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scumble_protocol import codec
from scumble_protocol.blobs import blob_id, chunks
from scumble_protocol.client import Result
from scumble_protocol.messages import (
    JOB_EVENTS,
    Acknowledge,
    AskStatus,
    Attach,
    Cancel,
    Chunk,
    Encoding,
    Forget,
    ListModels,
    Submit,
    Want,
)
from scumble_server.clients.registry import Registry
from tests.end_to_end.server_process import (
    TINY,
    Painter,
    ServerProcess,
    painter,
    regenerate,
    running_server,
)
from tests.fuzz.hostile_client import HostileClient
from tests.fuzz.script import Script, changed
from tests.protocol import samples
from tests.server.models.checkpoints import make_folder
from tests.timing import IS_NIGHTLY

pytestmark = pytest.mark.timeout(3600 if IS_NIGHTLY else 600)

RUNS = 200 if IS_NIGHTLY else 8
STEPS = 25
MORE_MEMORY = 400 * 2**20
"""Bytes that hostile clients may make the server take: its memory for pictures, and some more."""

FRAMES = tuple(codec.encode(message) for message in samples.MESSAGES.values())
SEEDS = (5, 6)
CHUNK = 2**18

odd_bytes = st.binary(max_size=200)
sides = st.sampled_from((64, 96))


@dataclass
class Painting:
    """A server with an honest client, and what that one's jobs give when nobody disturbs them.

    Args:
        server: The server.
        honest: The client, of the machine's owner.
        token: By which others come in, who are another user.
        undisturbed: The pictures of an undisturbed run, by the seed.
    """

    server: ServerProcess
    honest: Painter
    token: str
    undisturbed: dict[int, dict[str, bytes]] = field(default_factory=dict)
    memory: int = 0

    def job(self, seed: int) -> str:
        request, blobs = regenerate(seed=seed)
        return self.honest.submit(request, blobs)

    def result(self, job: str) -> Result:
        return self.honest.result(job)

    def resident(self) -> int:
        return int(psutil.Process(self.server.process.pid).memory_info().rss)


@pytest.fixture(scope="module")
def painting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Painting]:
    folder = tmp_path_factory.mktemp("hostile")
    make_folder(folder / "models" / TINY)
    token = Registry(folder).add("mallory")
    with (
        running_server(folder, "--model", TINY, "--device", "cpu") as server,
        painter(folder, "honest") as honest,
    ):
        painting = Painting(server, honest, token)
        for seed in SEEDS:
            painting.undisturbed[seed] = dict(painting.result(painting.job(seed)).blobs)
        painting.memory = painting.resident()
        yield painting


class HostileClients(RuleBasedStateMachine):
    """Up to a few of them at once."""

    def __init__(self, painting: Painting) -> None:
        super().__init__()
        self.painting = painting
        self.here = painting.server.listening()
        self.clients: list[HostileClient] = []
        self.honest_jobs: list[tuple[int, str]] = []
        self.number = 0

    @initialize()
    def honest_client_submits(self) -> None:
        self.honest_jobs = [(seed, self.painting.job(seed)) for seed in SEEDS]

    # ── Coming ───────────────────────────────────────────────────────────────────────────────────

    def come(self, token: str = "", awaiting: tuple[str, ...] = ()) -> HostileClient:
        client = HostileClient(self.here, token, awaiting)
        self.clients.append(client)
        if len(self.clients) > 6:
            self.clients.pop(0).close()
        return client

    @rule()
    def comes_in(self) -> None:
        assert self.come(self.painting.token).is_in

    @rule()
    def comes_and_says_nothing(self) -> None:
        self.come()

    @rule(end=st.integers(0, 40))
    def says_half_a_hello(self, end: int) -> None:
        client = self.come()
        client.throw(codec.encode(samples.HELLO)[: end + 1])
        assert client.answers() is not None
        assert not client.is_in

    @rule(token=st.sampled_from(["wrong", "é", "x" * 5000]))
    def comes_with_a_wrong_token(self, token: str) -> None:
        assert not self.come(token).is_in

    @rule(count=st.sampled_from([1000, 70_000]))
    def waits_for_jobs_without_number(self, count: int) -> None:
        client = self.come(self.painting.token, tuple(f"job{n}" for n in range(count)))
        client.answers()

    # ── Talking ──────────────────────────────────────────────────────────────────────────────────

    @property
    def client(self) -> HostileClient:
        """One that was let in, and has not been sent away since."""
        for client in reversed(self.clients):
            if client.is_in:
                return client
        client = self.come(self.painting.token)
        assert client.is_in
        return client

    def assert_answered(self, client: HostileClient) -> None:
        """It answers or closes, and tells nothing of the honest client's jobs."""
        theirs = {job for _, job in self.honest_jobs}
        for message in client.answers():
            assert not (isinstance(message, JOB_EVENTS) and message.job in theirs), message
            blob = getattr(message, "blob", "")
            assert not any(blob in blobs for blobs in self.painting.undisturbed.values())

    @rule(frame=odd_bytes | st.text(max_size=50))
    def throws_garbage(self, frame: bytes | str) -> None:
        client = self.client
        client.throw(frame)
        self.assert_answered(client)

    @rule(which=st.integers(0, len(FRAMES) - 1))
    def says_anything_legal(self, which: int) -> None:
        client = self.client
        client.throw(FRAMES[which])
        self.assert_answered(client)

    @rule(which=st.integers(0, len(FRAMES) - 1), script=st.binary(min_size=3, max_size=3))
    def says_something_bent(self, which: int, script: bytes) -> None:
        client = self.client
        client.throw(changed(FRAMES[which], Script(script)))
        self.assert_answered(client)

    @precondition(lambda self: any(client.said for client in self.clients))
    @rule()
    def says_everything_once_more(self) -> None:
        client = self.client
        for frame in tuple(client.said)[-20:]:
            client.throw(frame)
        self.assert_answered(client)

    @rule(kind=st.sampled_from([Cancel, Forget, Acknowledge, Attach]), which=st.integers(0, 1))
    def meddles_with_a_job_of_the_honest_client(self, kind: Any, which: int) -> None:
        client = self.client
        job = self.honest_jobs[which][1]
        client.say(Attach(job, 0) if kind is Attach else kind(job))
        self.assert_answered(client)

    @rule(seed=st.sampled_from(SEEDS))
    def wants_pictures_of_the_honest_client(self, seed: int) -> None:
        client = self.client
        client.say(Want(tuple(sorted(self.painting.undisturbed[seed]))))
        self.assert_answered(client)

    @rule(seed=st.sampled_from(SEEDS))
    def submits_under_the_name_of_a_job_of_the_honest_client(self, seed: int) -> None:
        client = self.client
        request, _ = regenerate(seed=seed + 1)
        client.say(Submit(self.honest_jobs[0][1], request))
        self.assert_answered(client)

    # ── Pictures ─────────────────────────────────────────────────────────────────────────────────

    def submit(self, client: HostileClient, side: int) -> dict[str, bytes]:
        """Ask for a job whose pictures the server has not; what they should be."""
        self.number += 1
        request, blobs = regenerate(side=side, seed=self.number)
        data = os.urandom(4) + blobs[request.image.blob][4:]
        request = replace(request, image=replace(request.image, blob=blob_id(data)))
        client.say(Submit(f"hostile-{id(self)}-{self.number}", request))
        return {blob_id(data): data, request.mask.blob: blobs[request.mask.blob]}

    @rule(side=sides, order=st.permutations(range(4)))
    def sends_pieces_out_of_order(self, side: int, order: list[int]) -> None:
        client = self.client
        for blob, data in self.submit(client, side).items():
            pieces = list(chunks(blob, data, Encoding.RAW, 5000))
            for place in order:
                client.say(pieces[place % len(pieces)])
        self.assert_answered(client)

    @rule(side=sides, change=st.sampled_from(["bytes", "longer", "shorter", "unasked"]))
    def sends_other_pictures(self, side: int, change: str) -> None:
        client = self.client
        for blob, data in self.submit(client, side).items():
            other = {
                "bytes": bytes(len(data)),
                "longer": data * 2,
                "shorter": data[: len(data) // 2],
                "unasked": data,
            }[change]
            name = blob_id(b"unasked") if change == "unasked" else blob
            for piece in chunks(name, other, Encoding.RAW, CHUNK):
                client.say(piece)
        self.assert_answered(client)

    @rule(side=sides, megabytes=st.sampled_from([1, 64]))
    def sends_a_bomb(self, side: int, megabytes: int) -> None:
        client = self.client
        bomb = zlib.compress(bytes(megabytes * 2**20), 9)
        for blob, data in self.submit(client, side).items():
            client.say(Chunk(blob, len(data), 0, Encoding.ZLIB, bomb))
        self.assert_answered(client)

    @rule()
    def sends_a_message_that_is_too_long(self) -> None:
        client = self.client
        client.throw(bytes(5 * 2**20))
        self.assert_answered(client)
        assert not client.is_in

    @rule(kind=st.sampled_from([AskStatus(), ListModels(), Cancel("none"), b"\x80"]))
    def sends_ten_thousand_tiny_frames(self, kind: Any) -> None:
        client = self.client
        frame = kind if isinstance(kind, bytes) else codec.encode(kind)
        count = 500 if isinstance(kind, ListModels) else 10_000  # each looks through the disk
        client.flood([frame] * count + [codec.encode(Attach("no-such-job", 0)), b"\x80"])
        assert not client.is_in

    # ── Afterwards ───────────────────────────────────────────────────────────────────────────────

    def teardown(self) -> None:
        for client in self.clients:
            client.close()
        assert self.painting.server.process.poll() is None
        for seed, job in self.honest_jobs:
            assert self.painting.result(job).blobs == self.painting.undisturbed[seed]
        assert self.painting.resident() < self.painting.memory + MORE_MEMORY


def test_hostile_clients_disturb_nobody(painting: Painting) -> None:
    class ComingHere(HostileClients):
        def __init__(self) -> None:
            super().__init__(painting)

    run_state_machine_as_test(
        ComingHere,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],  # to shrink against a live server takes for ever
        ),
    )
    files = sorted(painting.server.state.glob("*.log*"))
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    assert sum("was sent away" in line["event"] for line in lines) > RUNS
    wrong = [line for line in lines if "exception" in line or line["level"] == "error"]
    assert wrong == []
