"""A painter at a real Krita who lets another computer do the work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scumble_protocol.client import read_servers
from tests.end_to_end.krita_desk import KritaDesk, krita_desk, require_krita
from tests.end_to_end.paired_server import PairedServer, paired_server

pytestmark = pytest.mark.editor

IS_CONNECTED = "shown().light.value == 'on' and bool(shown().models)"
DIALOG = "scumble_server_dialog"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PairedServer]:
    with paired_server(tmp_path_factory.mktemp("other")) as opened:
        yield opened


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KritaDesk]:
    require_krita()
    with krita_desk(tmp_path_factory.mktemp("here"), with_server=False) as opened:
        opened.new_document(320, 256)
        opened.krita.run("select(40, 40, 160, 160)")
        yield opened


def write(desk: KritaDesk, name: str, text: str) -> None:
    """Type into a line of the dialog."""
    desk.click(name)
    desk.hands.press("ctrl+a")
    desk.hands.write(text)
    desk.wait_until(f"widget({name!r}).text() == {text!r}", f"text in {name}")


def connect(desk: KritaDesk, address: str, code: str) -> None:
    """Fill in the dialog and press its button."""
    write(desk, "scumble_server_address", address)
    write(desk, "scumble_server_code", code)
    desk.click("scumble_server_connect")
    desk.wait_until("bool(shown().server.text) and not shown().server.is_busy", "answer")


def test_another_computer_does_the_work_after_its_code_was_typed(
    desk: KritaDesk, other: PairedServer
) -> None:
    offer = other.offer()
    desk.wait_until("shown().light.value == 'off'", "light that is off")
    desk.click("scumble_light")
    desk.wait_until(f"widget({DIALOG!r}) is not None and widget({DIALOG!r}).isVisible()", "dialog")
    connect(desk, offer.addresses[0], "AAAA-AAAA")
    assert "does not take this code" in desk.ask("widget('scumble_server_text').text()")
    desk.photograph("wrong-code")
    connect(desk, offer.addresses[0], offer.code)
    host = offer.addresses[0].removeprefix("wss://")
    assert desk.ask("widget('scumble_server_text').text()") == (
        f"Connected: {host} does your work now."
    )
    desk.wait_until(IS_CONNECTED, "connection")
    desk.photograph("connected")
    assert f"the server on {host}" in desk.ask("widget('scumble_light').toolTip()")
    desk.click("scumble_server_close")
    desk.set(prompt="a cat", steps=4)
    desk.click("scumble_run")
    desk.finish()
    assert [node[0] for node in desk.ask("tree()")] == ["Background", "Scumble: a cat"]
    assert not (desk.state / "endpoint.json").exists(), "no server ran here"
    remote = read_servers(desk.state).remote
    assert remote is not None
    assert remote.fingerprint == offer.fingerprint


def test_this_computer_is_one_click_away_and_the_other_one_too(
    desk: KritaDesk, other: PairedServer
) -> None:
    desk.wait_until(IS_CONNECTED, "connection")
    desk.click("scumble_light")
    desk.click("scumble_use_this_computer")
    desk.wait_until("'No Scumble server is running' in shown().light_text", "no server here")
    assert desk.ask("shown().can_start_server")
    desk.click("scumble_use_server")
    desk.wait_until(IS_CONNECTED, "connection")
    desk.click("scumble_server_close")
    assert other.process.process.poll() is None


def test_who_is_let_in_no_more_is_told_what_to_do(desk: KritaDesk, other: PairedServer) -> None:
    desk.wait_until(IS_CONNECTED, "connection")
    other.revoke_all()
    desk.wait_until("'Connect with a new code' in shown().light_text", "message")
    assert not desk.ask("shown().can_start_server")
    desk.photograph("revoked")


def test_a_server_with_another_certificate_gets_nothing(
    desk: KritaDesk, other: PairedServer, tmp_path: Path
) -> None:
    with paired_server(tmp_path) as impostor:
        found = impostor.process.listening()
        servers = read_servers(desk.state)
        assert servers.remote is not None
        file = desk.state / "servers.json"
        file.write_text(file.read_text("utf-8").replace(servers.remote.url, found.url), "utf-8")
        desk.wait_until("'another certificate' in shown().light_text", "warning")
        assert desk.ask("shown().light.value") == "off"
        desk.photograph("another-certificate")
    assert other.process.process.poll() is None
