"""The dialog about the server: what is used, and how another one is connected to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.krita.conftest import QtProcess

OPEN = """
from scumble_krita.server_dialog import ServerDialog
from scumble_krita._vendor.scumble_protocol.editor.view import ServerItem, ServerView
HERE = ServerItem("", "this computer")
ATTIC = ServerItem("wss://attic:7860", "attic:7860")
def open_dialog(view, language="en"):
    global panel, heard
    panel = ServerDialog(None, Language.of(language).tr)
    heard = []
    panel.connect_wanted.connect(lambda *words: heard.append(list(words)))
    panel.use_wanted.connect(lambda server: heard.append(server))
    panel.show_view(view)
    panel.show()
    turn()
"""


@pytest.fixture
def dialog(qt: QtProcess) -> QtProcess:
    qt.run(OPEN)
    return qt


def test_it_says_which_server_is_used_and_offers_the_others(dialog: QtProcess) -> None:
    dialog.run("open_dialog(ServerView('Scumble uses the server on attic:7860.', (HERE,)))")
    assert dialog.ask("find('server_used').text()") == "Scumble uses the server on attic:7860."
    assert dialog.ask("find('use_this_computer').text()") == "Use this computer"
    dialog.run("find('use_this_computer').click()")
    assert dialog.ask("heard") == [""]
    dialog.run("panel.show_view(ServerView('Here.', (ATTIC,))); turn()")
    dialog.run("find('use_server').click()")
    assert dialog.ask("heard") == ["", "wss://attic:7860"]
    dialog.run("app.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)")
    assert dialog.ask("find('use_this_computer') is None")


def test_an_address_and_a_code_are_sent_when_both_are_there(dialog: QtProcess) -> None:
    dialog.run("open_dialog(ServerView('Here.'))")
    assert not dialog.ask("find('server_connect').isEnabled()")
    dialog.run("find('server_address').setText('attic:7860')")
    assert not dialog.ask("find('server_connect').isEnabled()")
    dialog.run("find('server_code').setText('K7QF-2M9X'); find('server_connect').click()")
    assert dialog.ask("heard") == [["attic:7860", "K7QF-2M9X"]]
    dialog.run("panel.show_view(ServerView('Here.', (), 'Connecting …', False, True))")
    assert not dialog.ask("find('server_connect').isEnabled()"), "one attempt at a time"


def test_how_it_went_is_said_in_a_sentence(dialog: QtProcess) -> None:
    dialog.run("open_dialog(ServerView('Here.'))")
    assert not dialog.ask("find('server_text').isVisible()")
    dialog.run("panel.show_view(ServerView('Here.', (), 'No such code.', True)); turn()")
    assert dialog.ask("find('server_text').isVisible()")
    assert dialog.ask("find('server_text').text()") == "No such code."


def test_return_in_a_line_connects(dialog: QtProcess) -> None:
    dialog.run("open_dialog(ServerView('Here.'))")
    dialog.run("find('server_address').setText('attic:1'); find('server_code').setText('K7QF2M9X')")
    dialog.run("press(find('server_code'), Qt.Key.Key_Return)")
    assert dialog.ask("heard") == [["attic:1", "K7QF2M9X"]]


def test_the_light_and_a_button_ask_for_it(qt: QtProcess) -> None:
    qt.run("open_panel(light=Light.OFF, light_text='No server.'); heard = []")
    qt.run("panel.light.clicked.connect(lambda *_: heard.append('light'))")
    qt.run("panel.server.choice_wanted.connect(lambda *_: heard.append('button'))")
    qt.run("find('light').click(); find('choose_server').click()")
    assert qt.ask("heard") == ["light", "button"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_it_can_be_read_in_each_language(dialog: QtProcess, language: str, tmp_path: Path) -> None:
    dialog.run(
        "open_dialog(ServerView(Language.of(language).tr("
        "'Scumble uses the server on {name}.', name='192.168.178.40:7860'), (HERE, ATTIC),"
        " 'What answers has another certificate than the server that you know: nothing was sent.',"
        " True), language)",
        language=language,
    )
    picture = tmp_path / f"dialog-{language}-{dialog.major}.png"
    dialog.run("turn(); panel.grab().save(file)", file=str(picture))
    cut = (
        "[w.text() for w in panel.findChildren(QtWidgets.QLabel)"
        " if w.isVisible() and w.height() < w.heightForWidth(w.width())]"
    )
    assert dialog.ask(cut) == []
    assert picture.stat().st_size > 0
    clipped = (
        "[w.text() for w in panel.findChildren(QtWidgets.QPushButton)"
        " if w.width() < w.minimumSizeHint().width()]"
    )
    assert dialog.ask(clipped) == []
