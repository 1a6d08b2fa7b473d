"""Who gets a websocket at all, and what else an HTTP request can get: nothing."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_server.clients import house as house_module
from scumble_server.clients.house import House
from scumble_server.config import ServerConfig
from scumble_server.logs import keep_log
from scumble_server.state import open_folder
from tests.server.gate.visits import PATIENCE, Door, enter, port_of, visit
from tests.server.service.rig import Server

ORIGIN = "https://studio.example"
UPGRADE = (
    "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: scumble.v1"
)


async def status_of(door: Door, **settings: object) -> int:
    with pytest.raises(InvalidStatus) as caught:
        await door(**settings)
    response = caught.value.response
    assert not any(
        name.lower().startswith("access-control") for name, _ in response.headers.items()
    )
    return response.status_code


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:7867", "[::1]:80", "studio.lan"]
)
def test_a_name_of_this_machine_is_let_through(host: str, tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        assert await upgraded(door, f"Host: {host}") == b"101"

    visit(Server(tmp_path), act, hosts=("Studio.lan",))


@pytest.mark.parametrize(
    "host", ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "192.0.2.7", "", "[::1"]
)
def test_a_name_of_another_machine_is_refused(host: str, tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        assert await upgraded(door, f"Host: {host}") == b"403"

    visit(Server(tmp_path), act, hosts=("studio.lan",))


@pytest.mark.parametrize(
    "origin",
    ["null", "file://", "http://127.0.0.1", "http://localhost:7867", "https://studio.example.test",
     "http://studio.example", "https://STUDIO.example", "", "moz-extension://1"],
)  # fmt: skip
def test_a_web_page_is_refused_whatever_it_knows(origin: str, tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        assert await status_of(door, additional_headers={"Origin": origin}) == 403

    visit(Server(tmp_path), act, origins=(ORIGIN,))


def test_a_page_whose_origin_is_listed_comes_in_with_the_token(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door(origin=Origin(ORIGIN)) as connection:
            await enter(connection)

    visit(Server(tmp_path), act, origins=(ORIGIN,))


def test_two_origins_or_two_hosts_are_refused(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        twice = [("Origin", ORIGIN), ("Origin", ORIGIN)]
        assert await status_of(door, additional_headers=twice) == 403
        answer = await spoken(door, b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 403 ")

    visit(Server(tmp_path), act, origins=(ORIGIN,))


@pytest.mark.parametrize(
    "request_",
    [
        "GET / HTTP/1.1\r\nHost: localhost\r\n",
        "GET /status HTTP/1.1\r\nHost: localhost\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n",
        "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.test\r\n"
        "Access-Control-Request-Method: POST\r\n",
        "HEAD / HTTP/1.1\r\nHost: localhost\r\n",
        "GET / HTTP/1.0\r\n",
        "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n",
        "\x16\x03\x01 this is no HTTP\r\n",
    ],
)
def test_plain_http_gets_an_error_that_no_page_may_read(
    request_: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        answer = await spoken(door, request_.encode("latin-1") + b"\r\nhello")
        assert not answer or answer.split()[1] in {b"400", b"403", b"426"}
        assert b"access-control" not in answer.lower()
        assert b"scumble" not in answer.lower()

    visit(server, act)
    assert server.worker.given == []
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ("\x1b[2Jnonsense\r\n", "valid HTTP request"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n", "missing Connection header"),
        (f"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: {'x' * 999}\r\n", "invalid Connection"),
    ],
)
def test_the_log_says_in_words_why_a_handshake_failed(
    request_: str, reason: str, tmp_path: Path
) -> None:
    async def act(door: Door) -> None:
        await spoken(door, request_.encode() + b"\r\n")

    with keep_log(tmp_path / "log", "info"):
        visit(Server(tmp_path), act)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text("utf-8").splitlines()]
    (told,) = (line for line in lines if line["event"].startswith("opening handshake failed: "))
    assert reason in told["event"]
    assert told["event"].isprintable()
    assert len(told["event"]) < 250
    assert "exception" not in told
    assert told["address"] == "127.0.0.1"


async def upgraded(door: Door, *headers: str) -> bytes:
    """The status of the answer to a request for a websocket with these headers besides."""
    request = "\r\n".join((UPGRADE, *headers, "", "")).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(door))
    writer.write(request)
    line = await asyncio.wait_for(reader.readline(), PATIENCE)
    writer.close()
    return line.split()[1]


async def spoken(door: Door, words: bytes) -> bytes:
    """What comes back when these bytes are sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(door))
    writer.write(words)
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def open_house(folder: Path, **settings: object) -> None:
    async def main() -> None:
        server = Server(folder)
        config = ServerConfig(folder, **settings)  # type: ignore[arg-type]
        house = House(config, open_folder(folder), server.service, "right")
        listening = await house.open()
        listening.close()
        await listening.wait_closed()

    asyncio.run(main())


def test_a_port_that_is_taken_is_a_clear_error(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(ServerError, match="is used by another program") as caught,
    ):
        open_house(tmp_path, port=other.getsockname()[1])
    assert caught.value.code is ErrorCode.PORT_IN_USE


def test_a_host_that_is_not_this_machines_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"can't listen on 192\.0\.2\.77") as caught:
        open_house(tmp_path, host="192.0.2.77")
    assert "--host" in caught.value.hint


def test_a_localhost_that_others_can_reach_is_not_served_unencrypted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house_module, "is_loopback", lambda _place: False)
    with pytest.raises(RequestError, match="which others can reach"):
        open_house(tmp_path, host="localhost")
