"""The strip of variations: looked at, shown, kept, and taken as a start for more."""

from __future__ import annotations

import pytest

from tests.krita.conftest import QtProcess


@pytest.fixture(autouse=True)
def strip(qt: QtProcess) -> None:
    qt.run(
        "open_panel(); strip = panel.strip; loaded.clear()\n"
        "strip.shown.connect(lambda one: heard.append('show ' + one.layer))\n"
        "strip.kept.connect(lambda one: heard.append('keep ' + one.layer))\n"
        "strip.show_variations(variations(), load); turn()\n"
        "def click(row, kind=QtCore.QEvent.Type.MouseButtonPress):\n"
        "    place = QtCore.QPointF(strip.visualItemRect(strip.item(row)).center())\n"
        "    for each in (kind, QtCore.QEvent.Type.MouseButtonRelease):\n"
        "        app.sendEvent(strip.viewport(), QtGui.QMouseEvent(each, place,\n"
        "            QtCore.QPointF(strip.viewport().mapToGlobal(place.toPoint())),\n"
        "            Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton,\n"
        "            Qt.KeyboardModifier.NoModifier))\n"
    )


def menu_entry(qt: QtProcess, text: str, variation: str = "variations()[1]") -> None:
    """Choose from the menu of a variation."""
    qt.run(
        f"menu = strip.menu_of({variation})\n"
        "entry = next(action for action in menu.actions() if action.text() == text)\n"
        "entry.trigger()",
        text=text,
    )


def test_a_picture_without_variations_has_no_strip(qt: QtProcess) -> None:
    assert qt.ask("strip.isVisible()")
    qt.run("strip.show_variations((), load)")
    assert not qt.ask("strip.isVisible()")


def test_click_shows_and_double_click_keeps(qt: QtProcess) -> None:
    qt.run("click(2)")
    assert qt.ask("heard") == ["show layer 2"]
    qt.run("heard.clear(); click(1); click(1, QtCore.QEvent.Type.MouseButtonDblClick)")
    assert qt.ask("heard")[:2] == ["show layer 1", "keep layer 1"]


def test_keys_show_and_keep(qt: QtProcess) -> None:
    qt.run(
        "strip.setCurrentRow(0); press(strip, Qt.Key.Key_Right)\n"
        "press(strip, Qt.Key.Key_Space); press(strip, Qt.Key.Key_Return)"
    )
    assert qt.ask("heard") == ["show layer 1", "keep layer 1"]


def test_each_thumbnail_is_read_once(qt: QtProcess) -> None:
    qt.run("strip.show_variations(variations(shown=1), load)")
    qt.run("strip.show_variations(variations(4), load)")
    assert [layer for layer, _ in qt.ask("loaded")] == [f"layer {i}" for i in range(4)]


def test_hidden_variations_are_dim(qt: QtProcess) -> None:
    qt.run(
        "image = strip.viewport().grab().toImage()\n"
        "def middle(row):\n"
        "    place = strip.visualItemRect(strip.item(row)).center()\n"
        "    return color(image, place.x(), place.y())"
    )
    assert qt.ask("middle(0)")[:3] == [200, 30, 30]
    red, green, _, _ = qt.ask("middle(1)")
    assert red - green < 100


def test_its_settings_can_be_used_again(qt: QtProcess) -> None:
    qt.run("panel.form.fill(Order(mode=Mode.FILL, settings=Settings(padding=77)))")
    menu_entry(qt, "Use its settings again")
    assert qt.ask("panel.form.order().settings.prompt") == "a cat"
    assert qt.ask("panel.form.order().settings.strength") == 0.35
    # Of the three variations from seed 40 on, this is the second.
    assert qt.ask("panel.form.order().settings.seed") == 41
    assert qt.ask("panel.form.order().settings.count") == 1
    assert qt.ask("panel.form.order().settings.padding") == 77
    assert qt.ask("panel.form.order().mode.value") == "fill"


def test_its_seed_can_be_copied(qt: QtProcess) -> None:
    menu_entry(qt, "Copy its seed")
    assert qt.ask("app.clipboard().text()") == "41"


def test_a_renamed_layer_stands_for_the_first_seed(qt: QtProcess) -> None:
    menu_entry(qt, "Copy its seed", "dataclasses.replace(variations()[2], name='my cat 3')")
    assert qt.ask("app.clipboard().text()") == "40"


def test_a_variation_without_a_record_has_no_settings_to_use(qt: QtProcess) -> None:
    qt.run("menu = strip.menu_of(dataclasses.replace(variations()[0], request_json=''))")
    assert qt.ask("[action.isEnabled() for action in menu.actions() if action.text()]") == [
        True, True, False, False,
    ]  # fmt: skip


def test_a_layer_that_is_gone_is_left_blank(qt: QtProcess) -> None:
    qt.run(
        "from scumble_krita._vendor.scumble_protocol.errors import ErrorCode, RequestError\n"
        "def gone(variation, side): raise RequestError(ErrorCode.INVALID_VALUE, 'Gone.')\n"
        "strip.show_variations(variations(5), gone); turn()"
    )
    assert qt.ask("strip.count()") == 5
