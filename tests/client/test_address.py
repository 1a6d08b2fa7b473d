"""Where a server is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scumble_protocol import endpoint
from scumble_protocol.client import Address, local_server
from scumble_protocol.errors import ErrorCode, PeerError, RequestError


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:7860",
        "http://127.0.0.1:1",
        "ws://",
        "ws://host:port",
        "ws://[::1",
        "ws://h:0",
    ],
)
def test_what_is_no_websocket_address_is_refused(url: str) -> None:
    with pytest.raises(RequestError, match="not the address of a server") as caught:
        Address(url, "")
    assert caught.value.code is ErrorCode.INVALID_VALUE


@pytest.mark.parametrize(
    ("url", "is_loopback"),
    [
        ("ws://127.0.0.1:7860", True),
        ("ws://[::1]:7860", True),
        ("ws://localhost:7860", True),
        ("wss://192.168.0.7:7860", False),
        ("wss://gpu.example.org", False),
    ],
)
def test_an_address_knows_whether_it_is_on_this_machine(url: str, *, is_loopback: bool) -> None:
    assert Address(url, "").is_loopback is is_loopback


@pytest.mark.parametrize("url", ["ws://192.168.0.7:7860", "WS://gpu.local:1", "ws://0.0.0.0:1"])
def test_no_token_goes_over_a_network_in_the_clear(url: str) -> None:
    with pytest.raises(RequestError, match="anybody could read") as caught:
        Address(url, "token")
    assert caught.value.code is ErrorCode.INVALID_VALUE
    assert "wss://" in caught.value.hint


def test_the_token_gets_into_no_log() -> None:
    assert "hidden" not in repr(Address("ws://127.0.0.1:7860", "hidden"))


def test_the_local_server_is_found_by_its_endpoint_file(tmp_path: Path) -> None:
    locate = local_server(tmp_path)
    endpoint.write(tmp_path, endpoint.Endpoint("127.0.0.1", 4711, "old", os.getpid(), "1"))
    assert locate() == Address("ws://127.0.0.1:4711", "old")
    endpoint.write(tmp_path, endpoint.Endpoint("::1", 4712, "new", os.getpid(), "1"))
    assert locate() == Address("ws://[::1]:4712", "new")


def test_without_an_endpoint_file_there_is_no_server(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match="No Scumble server is running") as caught:
        local_server(tmp_path)()
    assert caught.value.code is ErrorCode.NO_SERVER


@pytest.mark.parametrize(("host", "own"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])  # noqa: S104
def test_a_server_that_listens_everywhere_is_reached_on_this_machine(
    tmp_path: Path, host: str, own: str
) -> None:
    found = endpoint.Endpoint(host, 4711, "secret", os.getpid(), "1", "3d" * 32)
    endpoint.write(tmp_path, found)
    assert local_server(tmp_path)() == Address(f"wss://{own}:4711", "secret", "3d" * 32)
