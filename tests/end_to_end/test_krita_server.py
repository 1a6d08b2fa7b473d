"""What a painter at a real Krita sees of the server: none, one that dies, one that shuts us out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scumble_protocol import endpoint
from tests.end_to_end.krita_desk import KritaDesk, krita_desk, require_krita
from tests.end_to_end.server_process import running_server
from tests.timing import MS

pytestmark = pytest.mark.editor


@pytest.fixture(scope="module")
def open_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KritaDesk]:
    require_krita()
    with krita_desk(tmp_path_factory.mktemp("server"), with_server=False) as opened:
        yield opened


@pytest.fixture
def desk(open_desk: KritaDesk) -> Iterator[KritaDesk]:
    """With a picture and a selection, and without a server before and afterwards."""
    open_desk.new_document(320, 256)
    open_desk.krita.run("select(40, 40, 160, 160)")
    yield open_desk
    open_desk.stop_server()


def test_without_a_server_a_button_starts_one(desk: KritaDesk) -> None:
    desk.set(prompt="a cat", steps=4)
    desk.wait_until("shown().light.value == 'off'", "light that is off")
    desk.click("scumble_run")
    desk.wait_until("shown().is_error", "message")
    assert "No Scumble server" in desk.ask("shown().status")
    desk.photograph("no-server")
    desk.click("scumble_start_server")
    desk.wait_until("shown().light.value == 'on' and bool(shown().models)", "server", 120_000 * MS)
    assert "scumble" in (desk.state / "server.log").read_text("utf-8").lower()
    desk.click("scumble_run")
    desk.finish()
    assert [node[0] for node in desk.ask("tree()")] == ["Background", "Scumble: a cat"]


def test_the_result_arrives_although_the_server_was_killed(desk: KritaDesk) -> None:
    server = desk.start_server()
    desk.set(prompt="a cat", steps=30)
    desk.click("scumble_run")
    desk.wait_until("shown().preview is not None", "preview")
    server.kill()
    desk.wait_until("shown().light.value == 'off'", "light that is off")
    assert not desk.ask("is_preview_shown()"), "nothing is known of it any more"
    assert desk.ask("shown().job.phase") == "Waiting for the server"
    desk.start_server()
    desk.finish()
    assert len(desk.ask("tree()")) == 2
    assert len(desk.ask("history()")) == 2, "one step, in spite of all"


def test_a_server_that_starts_anew_is_waited_for_without_alarm(desk: KritaDesk) -> None:
    server = desk.start_server()
    desk.set(prompt="a cat", steps=30)
    desk.click("scumble_run")
    desk.wait_until("shown().preview is not None", "preview")
    server.terminate()
    desk.wait_until("'starts anew' in shown().light_text", "what the server said at the end")
    assert desk.ask("[shown().is_starting, shown().can_start_server]") == [True, False]
    assert desk.ask("shown().job.phase") == "Waiting for the server"
    assert not desk.ask("shown().is_error")
    desk.photograph("starts-anew")
    desk.start_server()
    desk.finish()
    assert len(desk.ask("tree()")) == 2


def test_a_wrong_token_is_told_with_what_to_do(desk: KritaDesk, tmp_path: Path) -> None:
    with running_server(tmp_path) as another:
        found = another.listening()
        endpoint.write(desk.state, replace(found, token="wrong"))  # noqa: S106 (that is the point)
        desk.wait_until("'token' in shown().light_text", "message about the token")
        assert desk.ask("shown().light.value") == "off"
        endpoint.write(desk.state, found)
        desk.wait_until("shown().light.value == 'on'", "connection")
        endpoint.remove(desk.state, found.pid)
    desk.wait_until("shown().light.value == 'off'", "light that is off")


def test_the_result_of_a_closed_picture_is_offered_when_it_is_opened_again(
    desk: KritaDesk,
) -> None:
    desk.start_server()
    file = desk.krita.folder / "kept.kra"
    desk.krita.run("doc().setBatchmode(True); assert doc().saveAs(file)", file=str(file))
    desk.set(prompt="a fox", steps=200)
    desk.click("scumble_run")
    desk.wait_until("shown().job is not None and shown().job.fraction", "running job")
    desk.close_documents()
    desk.wait_until("docker()._picture is None", "docker without a picture")
    desk.krita.run("show(app.openDocument(file))", file=str(file))
    desk.wait_until("bool(shown().offers)", "offer", 120_000 * MS)
    assert desk.ask("shown().offers[0].text") == "“a fox” is done and waits."
    assert [node[0] for node in desk.ask("tree()")] == ["Background"], "not without being asked"
    desk.photograph("offer")
    desk.krita.run("docker().panel.ensureWidgetVisible(widget('scumble_insert'))")
    desk.click("scumble_insert")
    desk.finish()
    assert [node[0] for node in desk.ask("tree()")] == ["Background", "Scumble: a fox"]
    assert desk.ask("shown().offers") == []
