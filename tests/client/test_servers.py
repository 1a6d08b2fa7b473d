"""Which server is used."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from scumble_protocol import endpoint
from scumble_protocol.client import Address, Servers, chosen_server, read_servers, write_servers
from scumble_protocol.client.servers import FILE_NAME
from scumble_protocol.errors import ErrorCode, PeerError, RequestError
from scumble_protocol.private_file import write_values

STUDIO = Address("wss://studio:7860", "secret", "3d" * 32, "wss://studio:7860")
ATTIC = Address("wss://attic:7860", "other", "1b" * 32, "wss://attic:7860")
ENTRY = {"url": "wss://attic:1", "token": "t", "fingerprint": "", "server": "attic"}


def test_at_first_the_server_of_this_machine_is_used(tmp_path: Path) -> None:
    assert read_servers(tmp_path) == Servers()
    with pytest.raises(PeerError) as caught:
        chosen_server(tmp_path)()
    assert caught.value.code is ErrorCode.NO_SERVER


def test_a_server_that_let_us_in_is_used_until_another_one_is_chosen(tmp_path: Path) -> None:
    locate = chosen_server(tmp_path)
    endpoint.write(tmp_path, endpoint.Endpoint("127.0.0.1", 4711, "own", os.getpid(), "1"))
    servers = Servers().joined(ATTIC).joined(STUDIO)
    write_servers(tmp_path, servers)
    assert read_servers(tmp_path) == servers
    assert locate() == STUDIO
    write_servers(tmp_path, servers.using(ATTIC.server))
    assert locate() == ATTIC
    write_servers(tmp_path, servers.using(""))
    assert locate() == Address("ws://127.0.0.1:4711", "own")
    assert read_servers(tmp_path).paired == (STUDIO, ATTIC)


def test_a_server_that_lets_us_in_again_is_known_once() -> None:
    again = Address(STUDIO.url, "newer", STUDIO.fingerprint, STUDIO.server)
    assert Servers().joined(STUDIO).joined(ATTIC).joined(again).paired == (again, ATTIC)


def test_a_server_that_never_let_us_in_cannot_be_used() -> None:
    with pytest.raises(RequestError, match="has not let this computer in"):
        Servers().using("wss://studio:7860")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a user's folders from others itself")
def test_nobody_else_can_read_the_tokens(tmp_path: Path) -> None:
    write_servers(tmp_path, Servers().joined(STUDIO))
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert "secret" not in repr(read_servers(tmp_path))


@pytest.mark.parametrize(
    "values",
    [
        {"paired": "nobody", "chosen": "attic"},
        {"paired": ["attic", {**ENTRY, "token": 1}, {**ENTRY, "server": ""}], "chosen": ""},
        {"paired": [{**ENTRY, "url": "ws://attic:1"}], "chosen": "attic"},
        {"paired": [], "chosen": ["attic"]},
    ],
)
def test_what_makes_no_sense_is_passed_over(tmp_path: Path, values: dict[str, object]) -> None:
    write_values(tmp_path, FILE_NAME, values)
    assert read_servers(tmp_path) == Servers()


def test_where_the_chosen_one_is_not_known_that_of_this_machine_is_used(tmp_path: Path) -> None:
    write_values(tmp_path, FILE_NAME, {"paired": [ENTRY], "chosen": "studio"})
    assert read_servers(tmp_path) == Servers((Address(**ENTRY),))
