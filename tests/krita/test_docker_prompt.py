"""The prompt: written, sent, and walked back through."""

from __future__ import annotations

import pytest

from tests.krita.conftest import QtProcess


@pytest.fixture(autouse=True)
def prompt(qt: QtProcess) -> None:
    qt.run("open_panel(); prompt = panel.form.prompt; prompt.used(('newest', 'older', 'oldest'))")
    qt.run("prompt.setFocus()")


def up_and_down(qt: QtProcess, *directions: str) -> list[str]:
    """What the prompt says after each press."""
    texts = []
    for direction in directions:
        qt.run(f"press(prompt, Qt.Key.Key_{direction})")
        texts.append(qt.ask("prompt.text()"))
    return texts


def test_up_walks_back_and_down_forth_to_what_was_being_written(qt: QtProcess) -> None:
    qt.run("prompt.set_text('a draft')")
    walked = up_and_down(qt, "Up", "Up", "Up", "Up", "Down", "Down", "Down", "Down")
    assert walked == [
        "newest", "older", "oldest", "oldest", "older", "newest", "a draft", "a draft",
    ]  # fmt: skip


def test_up_goes_past_the_prompt_that_was_just_used(qt: QtProcess) -> None:
    qt.run("prompt.set_text('newest')")
    assert up_and_down(qt, "Up") == ["older"]


def test_up_in_the_second_line_moves_the_cursor(qt: QtProcess) -> None:
    qt.run("prompt.set_text('one\\ntwo')")
    assert up_and_down(qt, "Up") == ["one\ntwo"]
    assert up_and_down(qt, "Up") == ["newest"]


def test_undo_brings_back_what_the_history_replaced(qt: QtProcess) -> None:
    qt.run("prompt.set_text('a draft')")
    up_and_down(qt, "Up")
    qt.run("prompt.undo()")
    assert qt.ask("prompt.text()") == "a draft"


def test_control_return_runs_and_return_begins_a_line(qt: QtProcess) -> None:
    qt.run("press(prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)")
    assert qt.ask("heard") == ["run"]
    qt.run("prompt.set_text('a'); press(prompt, Qt.Key.Key_Return, text='\\r')")
    assert qt.ask("prompt.text()") == "a\n"
    assert qt.ask("heard") == ["run"]


def test_control_return_does_nothing_while_the_button_is_grey(qt: QtProcess) -> None:
    qt.run("panel.show_view(view(can_run=False))")
    qt.run("press(prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)")
    assert qt.ask("heard") == []
    assert qt.ask("find('run').toolTip()") == "Open a picture first."


def test_the_field_grows_with_its_text_up_to_a_limit(qt: QtProcess) -> None:
    heights = []
    for lines in (1, 3, 6, 8, 40):
        qt.run("prompt.set_text('x\\n' * (lines - 1) + 'x'); turn()", lines=lines)
        heights.append(qt.ask("prompt.height()"))
    assert heights[0] == heights[1] < heights[2] < heights[3] == heights[4]


def test_tab_leaves_the_field(qt: QtProcess) -> None:
    assert qt.ask("prompt.tabChangesFocus()")


def test_a_count_stands_below_the_prompt(qt: QtProcess) -> None:
    at = qt.ask("find('run').y()")
    qt.run("panel.show_view(view(measured=Measured('a', '', 12, 1, 12, room=75))); turn()")
    assert qt.ask("find('tokens').text()") == "12 of 75 tokens"
    assert qt.ask("find('tokens').isVisible()")
    assert qt.ask("find('run').y()") == at, "nothing jumps"
    qt.run("panel.form.fill(Order(mode=Mode.REMOVE)); turn()")
    assert not qt.ask("find('tokens').isVisible()"), "where no prompt is, nothing is to be counted"


def type_text(qt: QtProcess, text: str) -> None:
    for letter in text:
        qt.run("press(prompt, 0, text=letter)", letter=letter)


def test_names_are_proposed_after_lora_and_taken_with_return(qt: QtProcess) -> None:
    qt.run("panel.show_view(view(names=Names(('ink', 'oil'), (), ('animal',))))")
    qt.run("names = lambda: prompt._popup._completer.popup()")
    type_text(qt, "a cat <lora:")
    assert qt.ask("names().isVisible()")
    assert qt.ask("names().model().rowCount()") == 2
    type_text(qt, "o")
    assert qt.ask("names().model().rowCount()") == 1
    qt.run("press(names(), Qt.Key.Key_Return)")
    assert qt.ask("prompt.text()") == "a cat <lora:oil:1>"
    assert not qt.ask("names().isVisible()")
    type_text(qt, " __a")
    qt.run("press(names(), Qt.Key.Key_Escape)")
    assert not qt.ask("names().isVisible()")
    assert qt.ask("prompt.text()") == "a cat <lora:oil:1> __a"


def drop(qt: QtProcess, on: str, data: str) -> None:
    qt.run(
        f"data = QtCore.QMimeData(); {data}\n"
        f"target = {on}\n"
        "keys = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,"
        " Qt.KeyboardModifier.NoModifier)\n"
        "enter = QtGui.QDragEnterEvent(QtCore.QPoint(5, 5), *keys)\n"
        "app.sendEvent(target, enter)\n"
        "move = QtGui.QDragMoveEvent(QtCore.QPoint(5, 5), *keys); app.sendEvent(target, move)\n"
        "app.sendEvent(target, QtGui.QDropEvent(QtCore.QPointF(5, 5), *keys))\n"
        "result = enter.isAccepted()"
    )


@pytest.mark.parametrize("on", ["prompt.viewport()", "panel.viewport()"])
def test_a_dropped_file_is_asked_for_its_settings(qt: QtProcess, on: str) -> None:
    qt.run("panel.file_dropped.connect(lambda file: heard.append(str(file)))")
    drop(qt, on, "data.setUrls([QtCore.QUrl.fromLocalFile('/pictures/a cat.png')])")
    assert qt.ask("heard") == ["/pictures/a cat.png"]
    assert qt.ask("prompt.text()") == "", "its path is no prompt"


def test_dropped_text_is_written(qt: QtProcess) -> None:
    drop(qt, "prompt.viewport()", "data.setText('a dog')")
    assert qt.ask("prompt.text()") == "a dog"
