"""Too many connections, of those who are known and of those who are not."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import AskStatus, Hello, Limits, Refused, Status
from tests.server.gate.visits import (
    PATIENCE,
    TOKEN,
    UNHURRIED,
    Door,
    asked,
    assert_cut,
    close_code,
    enter,
    greet,
    heard,
    paired,
    port_of,
    say,
    visit,
)
from tests.server.service.rig import Server
from tests.timing import MS

TOO_LONG = 1009
"""https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1"""


def test_above_the_limit_nobody_else_comes_in_until_somebody_leaves(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with contextlib.AsyncExitStack() as stack:
            inside = [await stack.enter_async_context(door()) for _ in range(4)]
            for connection in inside:
                await enter(connection)
            async with door() as late:
                refused = await greet(late)
                assert isinstance(refused, Refused)
                assert refused.code is ErrorCode.TOO_MANY_CLIENTS
                assert await close_code(late) == 1008
            await inside[0].close()
            async with door() as later:
                await enter(later)
            assert isinstance(await asked(inside[1], AskStatus()), Status)

    visit(Server(tmp_path, Limits(connections=4)), act)


def test_others_can_not_take_all_the_room_of_the_machines_owner(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with contextlib.AsyncExitStack() as stack:
            owner = await stack.enter_async_context(door())
            await enter(owner)
            token = await paired(door, owner)
            for _ in range(2):
                await enter(await stack.enter_async_context(door()), token)
            async with door() as late:
                refused = await greet(late, token)
                assert isinstance(refused, Refused)
                assert refused.code is ErrorCode.TOO_MANY_CLIENTS
            await enter(await stack.enter_async_context(door()))

    visit(Server(tmp_path, Limits(connections=4)), act)


def test_who_says_nothing_gives_way_to_who_comes_later(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with contextlib.AsyncExitStack() as stack:
            silent = [await stack.enter_async_context(door()) for _ in range(6)]
            for connection in silent[:3]:
                await assert_cut(connection)
            async with door() as honest:
                await enter(honest)
                # Who is in is no stranger any more and gives way to nobody.
                for _ in range(5):
                    await stack.enter_async_context(door())
                assert isinstance(await asked(honest, AskStatus()), Status)

    visit(Server(tmp_path), act, links=replace(UNHURRIED, strangers=3))


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "before TLS is agreed on"])
def test_connections_without_a_request_count_too(tls: bool, tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        opened = [await asyncio.open_connection("127.0.0.1", port_of(door)) for _ in range(6)]
        for reader, _ in opened[:3]:
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        async with door() as honest:
            await enter(honest)
        for _, writer in opened:
            writer.close()

    visit(Server(tmp_path), act, links=replace(UNHURRIED, strangers=3), tls=tls)


@pytest.mark.parametrize("part", ["request", "hello"])
def test_who_drips_byte_by_byte_is_sent_away_in_time(part: str, tmp_path: Path) -> None:
    upgrade = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: scumble.v1\r\n\r\n"
    )
    frame = b"\x82\xfe\x7f\xff" + bytes(30_000)  # the header of a long masked message, and on

    async def act(door: Door) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(door))
        writer.write(upgrade if part == "hello" else b"")
        words = upgrade if part == "request" else frame
        began = asyncio.get_running_loop().time()
        with contextlib.suppress(ConnectionError):
            for byte in words:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(20 * MS)
                if reader.at_eof():
                    break
        assert asyncio.get_running_loop().time() - began < 100 * 20 * MS
        writer.close()

    visit(Server(tmp_path), act, links=replace(UNHURRIED, hello_seconds=300 * MS))


def test_a_stranger_can_not_make_the_server_keep_a_long_message(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as stranger:
            with contextlib.suppress(ConnectionClosed):
                await stranger.send(bytes(300_000))
            assert await close_code(stranger) == TOO_LONG
        async with door() as client:
            # One who is known may send as much as the protocol allows.
            await enter(client)
            await say(client, Hello(1, "x" * 300_000, "1", TOKEN, ()))
            refused = await heard(client)
            assert isinstance(refused, Refused)
            assert refused.code is ErrorCode.PROTOCOL

    visit(Server(tmp_path), act)


def test_a_client_may_wait_for_thousands_of_jobs(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        jobs = tuple(f"{number:036d}" for number in range(5000))
        async with door() as client:
            assert (await enter(client, TOKEN, *jobs)).lost == jobs

    visit(Server(tmp_path), act)
