"""Letting another computer in, and using its server from the command line: with real processes."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from scumble_cli.arguments import parse
from scumble_cli.commands import clients as clients_command
from scumble_cli.commands import connect, pair
from scumble_cli.connection import Connection, remote_url
from scumble_cli.desk import Desk
from scumble_cli.terminal import PlainReporter
from scumble_protocol.client import Address, Servers, read_servers, write_servers
from scumble_protocol.errors import ErrorCode, PeerError, RequestError, ScumbleError, ServerError
from scumble_protocol.pairing import OfferPairing, PairingOffer
from tests.cli.program import scumble, sentence_of
from tests.end_to_end.server_process import running_server

ATTIC = Address("wss://127.0.0.1:1", "secret", "3d" * 32, "wss://127.0.0.1:1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of a server that talks TLS."""
    state = tmp_path_factory.mktemp("server")
    with running_server(state, "--tls"):
        yield state


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of a computer without a server."""
    monkeypatch.setenv("SCUMBLE_STATE", str(tmp_path))
    monkeypatch.delenv("SCUMBLE_TOKEN", raising=False)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def offer(server: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """An address and a code, as `scumble connect` takes them."""
    with patch.context() as there:
        there.setenv("SCUMBLE_STATE", str(server))
        assert pair.run(parse(["pair", "--json"])) == 0
    shown = json.loads(said(capsys))
    return [shown["addresses"][0], shown["code"]]


def test_a_computer_is_let_in_works_there_and_is_let_in_no_more(
    server: Path, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address, code = offer(server, monkeypatch, capsys)
    assert connect.run(parse(["connect", address, code])) == 0
    assert f"use the server at {address}" in said(capsys)
    done = scumble("demo", "--out", here / "demo", "--json", state=here)
    assert done.returncode == 0, done.stderr
    assert not (here / "endpoint.json").exists(), "no server was started here"
    assert "Starting a server" not in done.stderr
    listed = json.loads(scumble("clients", "--json", state=server).stdout)
    (client,) = listed
    assert client["name"].startswith("scumble, ")
    assert client["seen"] > 0
    done = scumble("clients", "revoke", client["id"], state=server)
    assert "let in no more" in done.stdout
    assert "Nobody else" in done.stdout
    assert "does not know this token" in sentence_of(scumble("jobs", state=here))


def test_who_was_let_in_lets_nobody_else_in(
    server: Path, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect.run(parse(["connect", *offer(server, monkeypatch, capsys)]))
    assert read_servers(here).remote is not None
    reporter = PlainReporter()
    with Connection(named(None), reporter) as connection:
        desk = Desk(connection, connection.client.poll, reporter)
        desk.await_welcome()
        with pytest.raises(PeerError) as caught:
            desk.ask(OfferPairing(), PairingOffer)
    assert caught.value.code is ErrorCode.FORBIDDEN


def test_a_code_is_shown_with_what_to_do_with_it(
    server: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCUMBLE_STATE", str(server))
    assert pair.run(parse(["pair"])) == 0
    shown = said(capsys)
    code = re.search(r"^Code +([0-9A-Z]{4}-[0-9A-Z]{4})$", shown, re.MULTILINE)
    assert code is not None
    assert re.search(r"^Certificate  [0-9a-f]{64}$", shown, re.MULTILINE)
    assert "scumble connect wss://127.0.0.1:" in shown
    assert "within 10 minutes" in shown
    assert "--host 0.0.0.0" in shown, "nobody else reaches a server on loopback"


def test_a_wrong_code_is_told_and_changes_nothing(
    server: Path, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address, _ = offer(server, monkeypatch, capsys)
    with pytest.raises(PeerError, match="does not accept this code") as caught:
        connect.run(parse(["connect", address, "AAAA-AAAA"]))
    assert caught.value.code is ErrorCode.UNAUTHORIZED
    assert read_servers(here) == Servers()


def test_which_server_is_used_is_told_and_changed_back(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connect.run(parse(["connect"]))
    assert said(capsys) == "Editors and commands use the server of this computer.\n"
    write_servers(here, Servers((ATTIC,)))
    connect.run(parse(["connect", "127.0.0.1:1"]))
    told = said(capsys)
    assert "the server at wss://127.0.0.1:1." in told
    assert ATTIC.fingerprint in told
    assert read_servers(here).remote == ATTIC
    connect.run(parse(["connect", "--local", "--json"]))
    assert json.loads(said(capsys)) == {
        "server": None, "fingerprint": "", "known": ["wss://127.0.0.1:1"],
    }  # fmt: skip
    connect.run(parse(["connect"]))
    assert "`scumble connect wss://127.0.0.1:1` uses that one again." in said(capsys)
    assert "secret" not in told


def test_a_server_that_never_let_us_in_needs_a_code(here: Path) -> None:
    assert here.is_dir()
    with pytest.raises(RequestError, match="has not let this computer in"):
        connect.run(parse(["connect", "gpu:7860"]))


def test_a_choice_that_cannot_be_kept_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_servers(here, Servers((ATTIC,)))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(connect, "write_servers", full)
    with pytest.raises(ServerError, match="No space left") as caught:
        connect.run(parse(["connect", ATTIC.url]))
    assert caught.value.code is ErrorCode.DISK_FULL


def test_only_a_running_server_makes_codes_and_knows_clients(here: Path) -> None:
    write_servers(here, Servers().joined(ATTIC))
    for run, words in ((pair.run, ["pair"]), (clients_command.run, ["clients"])):
        with pytest.raises(PeerError, match="No Scumble server is running on this machine"):
            run(parse(words))


def test_a_client_that_is_not_known_cannot_be_revoked(
    server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCUMBLE_STATE", str(server))
    with pytest.raises(RequestError, match="No client has the ID 'nobody'"):
        clients_command.run(parse(["clients", "revoke", "nobody"]))


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["connect", "gpu:1", "CODE", "--local"], "--local does not go with an address"),
        (["clients", "revoke"], "needs the ID"),
        (["clients", "list", "c1"], "takes no ID"),
    ],
)
def test_wrong_usage_is_told(
    words: list[str], fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(words)
    assert caught.value.code == 2
    assert fault in capsys.readouterr().err


def named(server: str | None, token: str = "", fingerprint: str = "") -> Namespace:
    return Namespace(server=server, token=token, fingerprint=fingerprint)


def test_a_named_server_is_the_one_that_is_used(here: Path) -> None:
    assert remote_url(named(None)) is None
    write_servers(here, Servers().joined(ATTIC))
    assert remote_url(named(None)) == ATTIC.url
    assert remote_url(named("gpu:7860")) == "gpu:7860"


@pytest.mark.parametrize(
    ("arguments", "address"),
    [
        (named(None), ATTIC),
        (named("127.0.0.1:1"), ATTIC),
        (named(ATTIC.url, "t"), Address(ATTIC.url, "t")),
        (named("wss://gpu:1", "t", "AB:" * 31 + "AB"), Address("wss://gpu:1", "t", "ab" * 32)),
    ],
)
def test_how_a_server_is_reached_is_known_or_said(
    here: Path, arguments: Namespace, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_servers(here, Servers().joined(ATTIC))
    reached: list[Address] = []

    def remember(locate: object, **_: object) -> None:
        assert callable(locate)
        reached.append(locate())

    monkeypatch.setattr("scumble_cli.connection.Client", remember)
    Connection(arguments, PlainReporter())
    assert reached == [address]


@pytest.mark.parametrize(
    "arguments", [named("ws://gpu:7860"), named("wss://gpu:1", "t", "3d"), named("gpu")]
)
def test_a_way_that_is_not_safe_or_makes_no_sense_is_refused(
    here: Path, arguments: Namespace
) -> None:
    assert here.is_dir()
    with pytest.raises(ScumbleError):
        Connection(arguments, PlainReporter())
