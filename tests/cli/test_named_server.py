"""Which address, token and fingerprint `--server` stands for."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING

import pytest

from scumble_cli.named_server import named_server
from scumble_protocol import endpoint
from scumble_protocol.client import Address
from scumble_protocol.endpoint import Endpoint
from scumble_protocol.errors import ErrorCode, RequestError
from tests.cli.program import scumble

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.server_process import ServerProcess

FINGERPRINT = "3d" * 32


@pytest.fixture(autouse=True)
def no_token_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCUMBLE_TOKEN", raising=False)


def running(state: Path, *, host: str = "127.0.0.1", fingerprint: str = "") -> None:
    """The endpoint file of a server that lives, at port 7867."""
    endpoint.write(state, Endpoint(host, 7867, "own", os.getpid(), "1", fingerprint))


def named(server: str, token: str = "", fingerprint: str = "") -> Namespace:
    return Namespace(server=server, token=token, fingerprint=fingerprint)


@pytest.mark.parametrize("typed", ["ws://127.0.0.1:7867", "127.0.0.1:7867", "localhost:7867"])
def test_this_machines_own_server_needs_no_token(tmp_path: Path, typed: str) -> None:
    running(tmp_path)
    assert named_server(named(typed), tmp_path) == Address("ws://127.0.0.1:7867", "own")
    assert named_server(named(typed, "given"), tmp_path).token == "given"  # noqa: S105


@pytest.mark.parametrize("typed", ["wss://127.0.0.1:7867", "127.0.0.1:7867"])
def test_its_certificate_is_known_as_well(tmp_path: Path, typed: str) -> None:
    running(tmp_path, fingerprint=FINGERPRINT)
    own = Address("wss://127.0.0.1:7867", "own", FINGERPRINT)
    assert named_server(named(typed), tmp_path) == own


@pytest.mark.parametrize(
    "typed",
    ["127.0.0.1:7868", "[::1]:7867", "127.0.0.2:7867", "wss://127.0.0.1:7867", "wss://gpu:7867"],
)
def test_nobody_else_gets_its_token(tmp_path: Path, typed: str) -> None:
    running(tmp_path)
    with pytest.raises(RequestError, match="needs a token") as caught:
        named_server(named(typed), tmp_path)
    assert caught.value.code is ErrorCode.INVALID_VALUE
    assert "--token" in caught.value.hint
    assert "`scumble connect`" in caught.value.hint


def test_localhost_is_not_taken_for_an_address_of_the_network(tmp_path: Path) -> None:
    running(tmp_path, host="192.0.2.7", fingerprint=FINGERPRINT)
    with pytest.raises(RequestError, match="needs a token"):
        named_server(named("localhost:7867"), tmp_path)


@pytest.mark.parametrize(
    ("typed", "fingerprint", "url"),
    [
        ("127.0.0.1:1", "", "ws://127.0.0.1:1"),
        ("[::1]:1", "", "ws://[::1]:1"),
        ("localhost:1", "", "ws://localhost:1"),
        ("127.0.0.1:1", FINGERPRINT, "wss://127.0.0.1:1"),
        ("gpu:1", "", "wss://gpu:1"),
    ],
)
def test_what_was_not_said_of_an_address_is_what_servers_do_there(
    tmp_path: Path, typed: str, fingerprint: str, url: str
) -> None:
    assert named_server(named(typed, "t", fingerprint), tmp_path).url == url


def test_own_server_answers_whoever_names_it(served: ServerProcess) -> None:
    here = served.listening()
    for typed in (here.url, f"{here.host}:{here.port}"):
        ended = scumble("status", "--server", typed, state=served.state)
        assert ended.returncode == 0, ended.stderr
