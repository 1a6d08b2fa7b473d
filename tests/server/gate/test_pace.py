"""Clients that read or send too slowly, or are gone, and those that are only slow."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from scumble_protocol import codec
from scumble_protocol.blobs import blob_id, chunks
from scumble_protocol.messages import (
    AskNames,
    AskStatus,
    Chunk,
    Encoding,
    Measure,
    Measured,
    Names,
    Status,
    Submit,
    Want,
)
from scumble_server.clients.link_limits import LinkLimits
from scumble_server.clients.pace import Pace, Traffic
from tests.protocol.samples import REGENERATE
from tests.server.gate.visits import (
    PATIENCE,
    UNHURRIED,
    Door,
    asked,
    assert_cut,
    enter,
    heard,
    port_of,
    say,
    submit,
    upload,
    visit,
)
from tests.server.service.rig import BLOBS, Server
from tests.timing import MS

HURRIED = replace(UNHURRIED, stall_seconds=400 * MS, silent_seconds=PATIENCE)
LIMITS = LinkLimits(stall_seconds=60, silent_seconds=180, stall_bytes=1000)
LARGE = bytes(range(256)) * 2**12
"""1 MiB; thirty of them are far above what the kernel keeps for a socket."""


# The rule


def faults(*moments: tuple[float, Traffic]) -> list[str | None]:
    pace = Pace(LIMITS, 0.0)
    found, last = [], 0.0
    for now, traffic in moments:
        while last + 10 < now:  # as it is looked at all the time
            last += 10
            found.append(pace.fault(last, traffic))
        last = now
        found.append(pace.fault(now, traffic))
    return [fault for fault in found if fault]


def test_who_takes_nothing_for_a_minute_does_not_read() -> None:
    waiting = Traffic(received=5, sent=3, is_sending=True)
    assert faults((1, waiting), (61, waiting)) == []
    assert faults((1, waiting), (62, waiting)) == ["did not read what was sent to it"]


def test_a_piece_a_minute_is_slow_but_honest() -> None:
    pieces = [(50.0 * n, Traffic(sent=n, is_sending=True)) for n in range(1, 40)]
    assert faults(*pieces) == []


def test_who_sends_less_than_the_least_does_not_send() -> None:
    drips = [(10.0 * n, Traffic(received=n, expected=1)) for n in range(1, 12)]
    assert set(faults(*drips)) == {"did not send the pictures that it was asked for"}
    slow = [(50.0 * n, Traffic(received=1000 * n, expected=1)) for n in range(1, 40)]
    assert faults(*slow) == []
    small = [(50.0 * n, Traffic(received=n, expected=40 - n)) for n in range(1, 40)]
    assert faults(*small) == []
    drawing = [(10.0 * n, Traffic(received=n)) for n in range(1, 40)]
    assert faults(*drawing) == []


def test_who_is_silent_is_gone_unless_it_takes_what_is_sent() -> None:
    assert faults((1, Traffic(9)), (182, Traffic(9))) == ["was silent"]
    assert faults((1, Traffic(9)), (170, Traffic(10)), (340, Traffic(11))) == []
    takes = [(50.0 * n, Traffic(9, sent=n, is_sending=True)) for n in range(1, 40)]
    assert faults(*takes) == []


def test_a_machine_that_slept_blames_nobody() -> None:
    pace = Pace(LIMITS, 0.0)
    waiting = Traffic(9, 3, is_sending=True, expected=1)
    assert pace.fault(1, waiting) is None
    assert pace.fault(10_000, waiting) is None
    assert pace.fault(10_010, waiting) is None


# On sockets


def offer(server: Server, job: str, data: bytes) -> str:
    """Let the job have a result of these bytes; its id."""
    server.done(job, data)
    return blob_id(data)


def test_a_client_that_does_not_read_is_cut_off_and_its_jobs_go_on(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as deaf, door() as other:
            await enter(deaf)
            await enter(other)
            await submit(deaf, "one")
            assert (await heard(deaf)).type == "started"
            await submit(deaf, "two", replace(REGENERATE, seed=2))
            blob = offer(server, "one", LARGE)
            deaf.transport.pause_reading()
            await say(deaf, *[Want((blob,))] * 30)
            await asyncio.sleep(2000 * MS)
            deaf.transport.resume_reading()
            await assert_cut(deaf)
            assert isinstance(await asked(other, AskStatus()), Status)
        assert server.worker.given == ["one", "two"]
        server.done("two")

    visit(server, act, links=HURRIED)
    assert server.book.knows("two")


def test_a_client_that_reads_slowly_gets_everything(tmp_path: Path) -> None:
    """At 400 KiB a second through small buffers, where 64 KiB in 400 ms are the least."""
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        connection_ = socket.create_connection(("127.0.0.1", port_of(door)))
        connection_.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        async with door(sock=connection_) as slow:
            await enter(slow)
            await submit(slow, "one")
            blob = offer(server, "one", LARGE)
            assert [(await heard(slow)).type for _ in range(2)] == ["started", "finished"]
            await say(slow, Want((blob,)))
            slow.transport.pause_reading()
            for _ in range(10):
                await asyncio.sleep(150 * MS)
                slow.transport.resume_reading()
                await asyncio.sleep(0)
                slow.transport.pause_reading()
            slow.transport.resume_reading()
            came = b""
            while len(came) < len(LARGE):
                chunk = await heard(slow)
                assert isinstance(chunk, Chunk)
                came += chunk.data
            assert came == LARGE

    visit(server, act, links=HURRIED)


@pytest.mark.parametrize("drip", [0, 10], ids=["nothing", "a little"])
def test_a_client_that_does_not_send_what_was_wanted_is_cut_off_and_holds_nothing(
    drip: int, tmp_path: Path
) -> None:
    server = Server(tmp_path, budget=0)

    async def act(door: Door) -> None:
        async with door() as lazy:
            await enter(lazy)
            want = await asked(lazy, Submit("one", REGENERATE))
            assert isinstance(want, Want)
            cut = asyncio.create_task(assert_cut(lazy))
            first, second = want.blobs
            for chunk in chunks(first, BLOBS[first], Encoding.RAW, 2**20):
                await say(lazy, chunk)
            pieces = chunks(second, BLOBS[second], Encoding.RAW, 1)
            while not cut.done():
                await asyncio.sleep(50 * MS)
                with contextlib.suppress(ConnectionClosed):
                    for _ in range(drip):
                        await lazy.send(codec.encode(next(pieces)))
            await cut

    visit(server, act, links=replace(HURRIED, stall_bytes=2**20))
    for blob in BLOBS:
        assert not server.store.has(blob)


def test_a_client_that_draws_for_a_long_time_is_left_alone(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as idle:
            await enter(idle)
            await asyncio.sleep(1500 * MS)
            assert isinstance(await asked(idle, AskStatus()), Status)

    links = replace(HURRIED, ping_seconds=100 * MS, silent_seconds=500 * MS)
    visit(Server(tmp_path), act, links=links)


def test_a_client_whose_machine_is_gone_is_noticed(tmp_path: Path) -> None:
    """Half-open: the other side neither reads nor ends, as if its cable were pulled."""
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as gone:
            await enter(gone)
            gone.transport.pause_reading()
            deadline = asyncio.get_running_loop().time() + PATIENCE
            while server.service.status().connections:
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(20 * MS)
            gone.transport.resume_reading()
            await assert_cut(gone)

    visit(server, act, links=replace(HURRIED, silent_seconds=500 * MS, ping_seconds=100 * MS))


def test_answers_that_nobody_reads_do_not_pile_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path)
    answered = []
    status = server.service.status

    def counted() -> Status:
        answered.append(status())
        return answered[-1]

    monkeypatch.setattr(server.service, "status", counted)

    async def act(door: Door) -> None:
        async with door() as deaf:
            await enter(deaf)
            deaf.transport.pause_reading()
            asking = asyncio.create_task(flood(deaf))
            seen = -1
            while len(answered) != seen:  # until the server reads no more of it
                seen = len(answered)
                await asyncio.sleep(500 * MS)
            assert not asking.done()
            asking.cancel()
            deaf.transport.abort()

    visit(server, act, links=replace(UNHURRIED, outbox_bytes=2**16))


async def flood(connection: object) -> None:
    question = codec.encode(AskStatus())
    while True:
        await connection.send(question)  # type: ignore[attr-defined]


def test_a_question_that_takes_long_keeps_no_picture_from_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many clients ask as there are threads for everything else."""
    server = Server(tmp_path)
    go_on = threading.Event()

    def slow(question: Measure | AskNames) -> Measured | Names:
        assert go_on.wait(PATIENCE)
        return Names((), (), ())

    monkeypatch.setattr(server.service, "answer", slow)

    async def act(door: Door) -> None:
        asking = []
        for _ in range(40):
            asking.append(await door())
            await enter(asking[-1])
            await say(asking[-1], AskNames())
        async with door() as client:
            await enter(client)
            want = await asked(client, Submit("one", REGENERATE))
            await upload(client, want)
            assert (await heard(client)).type == "accepted"
        go_on.set()
        for connection in asking:
            assert await heard(connection) == Names((), (), ())
            await connection.close()

    visit(server, act)
