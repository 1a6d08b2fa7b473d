"""The docker shows what goes on, and reads well where there is little room."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.krita.conftest import QtProcess, qt_process

JOB = "JobView('j', 'a cat', 'Sampling 3 of 12', 0.25, 14.2)"
SCENES = {
    "idle": "",
    "running": f"job={JOB}, queued=2",
    "failed": "status='Too little memory for this. Select a smaller area.', is_error=True",
    "offer": "offers=(Offer('j', 'A result waits here and its sentence is rather long.'),)",
    "off": "light=Light.OFF, light_text='No server.', can_start_server=True, models=()",
}


def test_progress_says_what_is_done_how_long_it_takes_and_what_waits(qt: QtProcess) -> None:
    qt.run(f"open_panel(job={JOB}, queued=2)")
    assert qt.ask("find('phase').text()") == "Sampling 3 of 12 · 14 s left · 2 more waiting"
    assert qt.ask("find('progress').value() / find('progress').maximum()") == 0.25
    assert qt.ask("find('cancel').isEnabled()")


def test_an_unknown_fraction_is_shown_as_such(qt: QtProcess) -> None:
    qt.run("open_panel(job=JobView('j', 'a cat', 'Loading the model'))")
    assert qt.ask("[find('progress').minimum(), find('progress').maximum()]") == [0, 0]
    assert qt.ask("find('phase').text()") == "Loading the model"


def test_minutes_are_told_in_minutes(qt: QtProcess) -> None:
    qt.run("open_panel(job=JobView('j', 'a cat', 'Sampling', 0.1, 200.0))")
    assert qt.ask("find('phase').text()") == "Sampling · 3 min left"


def test_a_job_that_is_being_stopped_can_not_be_stopped_again(qt: QtProcess) -> None:
    qt.run("open_panel(job=JobView('j', 'a cat', 'Stopping', 0.1, 9.0, is_stopping=True))")
    assert not qt.ask("find('cancel').isEnabled()")
    assert qt.ask("find('phase').text()") == "Stopping"


def test_beginning_a_job_moves_nothing_below_it(qt: QtProcess) -> None:
    qt.run("open_panel(); before = find('seed').mapTo(panel, QtCore.QPoint(0, 0)).y()")
    qt.run(f"panel.show_view(view(job={JOB})); turn()")
    assert qt.ask("find('seed').mapTo(panel, QtCore.QPoint(0, 0)).y() == before")


def test_errors_wrap_and_can_be_copied(qt: QtProcess) -> None:
    qt.run("open_panel(status='Too little memory. ' * 9, is_error=True)")
    assert qt.ask("find('status').wordWrap()")
    assert qt.ask("find('status').height() > 3 * find('status').fontMetrics().height()")
    assert qt.ask(
        "bool(find('status').textInteractionFlags() & "
        "Qt.TextInteractionFlag.TextSelectableByKeyboard)"
    )


def test_the_buttons_say_what_is_wanted(qt: QtProcess) -> None:
    qt.run(f"open_panel(job={JOB}); find('run').click(); find('cancel').click()")
    assert qt.ask("heard") == ["run", "cancel"]


def test_an_offer_can_be_taken_or_dropped(qt: QtProcess) -> None:
    qt.run(
        "open_panel(offers=(Offer('j1', 'One waits.'), Offer('j2', 'Two waits.')))\n"
        "panel.offers.inserted.connect(lambda job: heard.append('insert ' + job))\n"
        "panel.offers.dropped.connect(lambda job: heard.append('drop ' + job))\n"
        "inserts = panel.findChildren(QtWidgets.QPushButton, 'scumble_insert')\n"
        "drops = panel.findChildren(QtWidgets.QPushButton, 'scumble_drop')\n"
        "inserts[1].click(); drops[0].click()"
    )
    assert qt.ask("heard") == ["insert j2", "drop j1"]
    qt.run("panel.show_view(view()); turn()")
    assert not qt.ask("panel.offers.isVisible()")


def test_the_server_can_be_started_where_there_is_none(qt: QtProcess) -> None:
    qt.run("open_panel()")
    assert not qt.ask("find('server').isVisible()")
    qt.run("panel.show_view(view(light=Light.OFF, can_start_server=True)); turn()")
    qt.run("panel.server.start_wanted.connect(lambda: heard.append('start'))")
    qt.run("find('start_server').click()")
    assert qt.ask("heard") == ["start"]
    qt.run("panel.show_view(view(light=Light.OFF, can_start_server=True, is_starting=True))")
    assert not qt.ask("find('start_server').isEnabled()")


def test_the_light_is_green_when_on_and_out_when_off(qt: QtProcess) -> None:
    qt.run("open_panel()")
    assert qt.ask("find('light').toolTip()") == "Scumble 1.2 on a processor"
    middle = "color(light.grab().toImage(), light.width() // 2, light.height() // 2)"
    red, green, blue, _ = qt.run(f"light = panel.light; result = {middle}")
    assert green > max(red, blue) + 50
    qt.run("panel.show_view(view(light=Light.OFF, light_text='None.')); turn()")
    red, green, blue, _ = qt.ask(middle)
    assert red == green == blue


def test_tab_goes_from_top_to_bottom(qt: QtProcess) -> None:
    qt.run("open_panel(height=900); panel.form.section.set_open(True); turn()")
    heights = qt.run(
        "heights = []; widget = find('mode')\n"
        "for _ in range(200):\n"
        "    if widget.focusPolicy() in (Qt.FocusPolicy.StrongFocus, Qt.FocusPolicy.WheelFocus)"
        " and widget.isVisible() and panel.widget().isAncestorOf(widget) and widget.isEnabled():\n"
        "        heights.append(widget.mapTo(panel, widget.rect().center()).y())\n"
        "    widget = widget.nextInFocusChain()\n"
        "    if widget is find('mode'): break\n"
        "result = heights"
    )
    assert len(heights) > 15
    assert all(after >= before - 6 for before, after in itertools.pairwise(heights))


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("mode", ["REGENERATE", "EXPAND", "UPSCALE"])
def test_nothing_is_cut_off_at_300_pixels(
    qt: QtProcess, scene: str, language: str, mode: str
) -> None:
    qt.run(f"open_panel(language={language!r}, height=1000)")
    qt.run(f"panel.form.fill(Order(mode=Mode.{mode})); panel.form.section.set_open(True)")
    qt.run(f"panel.show_view(view({SCENES[scene]})); turn()")
    assert qt.ask("panel.minimumSizeHint().width()") <= 300
    cut = qt.run(
        "kinds = (QtWidgets.QAbstractButton, QtWidgets.QLabel, QtWidgets.QAbstractSpinBox)\n"
        "result = [\n"
        "    [w.objectName(), getattr(w, 'text', str)(), w.width(), w.minimumSizeHint().width()]\n"
        "    for kind in kinds for w in panel.findChildren(kind)\n"
        "    if w.isVisible() and w.width() < w.minimumSizeHint().width()\n"
        "]"
    )
    assert cut == []
    assert qt.ask("panel.widget().width() <= panel.viewport().width()")


def test_a_low_docker_scrolls_and_keeps_the_button_in_sight(qt: QtProcess) -> None:
    qt.run("open_panel(width=260, height=176)")
    button = qt.ask("find('run').mapTo(panel, find('run').rect().bottomLeft()).y()")
    assert button < 176
    assert qt.ask("panel.verticalScrollBar().maximum()") > 0
    assert qt.ask("panel.minimumSizeHint().height()") < 150


def test_a_dense_screen_gets_fine_thumbnails(plugins: Path, qt: QtProcess) -> None:
    code = "open_panel(); panel.strip.show_variations(variations(1), load); result = loaded[-1][1]"
    plain = qt.run(code)
    with qt_process(qt.major, plugins, QT_SCALE_FACTOR="2") as dense:
        assert dense.run(code) == 2 * plain
        assert dense.ask("panel.grab().toImage().width()") == 600
