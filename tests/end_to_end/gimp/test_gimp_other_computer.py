"""A painter at GIMP's panel who lets another computer do the work, and a script that does too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scumble_protocol.client import Servers, read_servers, write_servers
from tests.end_to_end.gimp.at_panel import Panel, PanelPainter, at_panel, paint_file
from tests.end_to_end.gimp.desk import Desk
from tests.end_to_end.gimp.test_gimp_panel import IS_CONNECTED, QUICK, SELECT, groups
from tests.end_to_end.paired_server import PairedServer, paired_server

pytestmark = [pytest.mark.editor, pytest.mark.timeout(900)]

SCRIPT = """
image, base = picture(120, 90)
select(image, 20, 20, 50, 40)
answer = call("regenerate", image, [base], prompt="grass", steps=2)
result = {"answer": answer, "layers": len(image.get_layers())}
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PairedServer]:
    with paired_server(tmp_path_factory.mktemp("other")) as opened:
        yield opened


@pytest.fixture(scope="module")
def painter(desk: Desk) -> Iterator[PanelPainter]:
    with at_panel(desk, paint_file(desk.gimp.work / "sky.png")) as opened:
        yield opened
    write_servers(desk.state, Servers())


@pytest.fixture(scope="module")
def panel(painter: PanelPainter) -> Panel:
    painter.gimp.run(SELECT)
    return painter.open_panel()


def connect(painter: PanelPainter, panel: Panel, address: str, code: str) -> None:
    """Fill in the window and press its button."""
    for name, text in (("scumble_server_address", address), ("scumble_server_code", code)):
        panel.click(name)
        painter.hands.press("ctrl+a")
        painter.hands.write(text)
        panel.wait_until(f"widget({name!r}).get_text() == {text!r}", f"text in {name}")
    panel.click("scumble_server_connect")
    panel.wait_until("bool(shown().server.text) and not shown().server.is_busy", "answer")


def test_another_computer_does_the_work_after_its_code_was_typed(
    painter: PanelPainter, panel: Panel, desk: Desk, other: PairedServer
) -> None:
    offer = other.offer()
    panel.wait_until("shown().light.value == 'off'", "light that is off")
    panel.click("scumble_light_button")
    panel.wait_until("len(widgets('scumble_server_address')) == 1", "window about the server")
    connect(painter, panel, offer.addresses[0], "AAAA-AAAA")
    assert "does not take this code" in panel.ask("widget('scumble_server_text').get_text()")
    painter.photograph("wrong-code")
    connect(painter, panel, offer.addresses[0], offer.code)
    host = offer.addresses[0].removeprefix("wss://")
    assert panel.ask("widget('scumble_server_text').get_text()") == (
        f"Connected: {host} does your work now."
    )
    panel.wait_until(IS_CONNECTED, "connection")
    painter.photograph("connected")
    painter.hands.press("Escape")
    panel.wait_until("not widgets('scumble_server_address')", "end of the window")
    panel.set(**QUICK, prompt="a star")
    panel.click("scumble_run")
    panel.finish(1)
    assert groups(painter) == ["Scumble: a star"]
    assert not (desk.state / "endpoint.json").exists(), "no server ran here"
    remote = read_servers(desk.state).remote
    assert remote is not None
    assert remote.fingerprint == offer.fingerprint


def test_this_computer_is_one_click_away_and_the_other_one_too(
    painter: PanelPainter, panel: Panel, other: PairedServer
) -> None:
    panel.wait_until(IS_CONNECTED, "connection")
    panel.click("scumble_light_button")
    panel.click("scumble_use_this_computer")
    panel.wait_until("'No Scumble server is running' in shown().light_text", "no server here")
    painter.photograph("this-computer")
    panel.click("scumble_use_server")
    panel.wait_until(IS_CONNECTED, "connection")
    painter.hands.press("Escape")
    assert other.process.process.poll() is None


def test_a_script_uses_the_server_that_was_chosen(
    desk: Desk, panel: Panel, other: PairedServer
) -> None:
    panel.wait_until(IS_CONNECTED, "connection")
    result = desk.run(SCRIPT)
    assert result["answer"] == [3, ""]
    assert result["layers"] == 2
    assert other.process.process.poll() is None


def test_who_is_let_in_no_more_is_told_what_to_do(
    painter: PanelPainter, panel: Panel, other: PairedServer
) -> None:
    panel.wait_until(IS_CONNECTED, "connection")
    other.revoke_all()
    panel.wait_until("'Connect with a new code' in shown().light_text", "message")
    assert not panel.ask("shown().can_start_server")
    painter.photograph("revoked")
