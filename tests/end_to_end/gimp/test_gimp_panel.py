"""A painter at GIMP's panel: with mouse and keys, while painting goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.editors.hands import Point
from tests.end_to_end.editors.processes import wait_for
from tests.end_to_end.gimp.at_panel import (
    A_JOB,
    PATIENCE,
    Panel,
    PanelPainter,
    at_panel,
    paint_file,
)
from tests.end_to_end.gimp.desk import Desk
from tests.end_to_end.gimp.painter import MAIN

pytestmark = [pytest.mark.editor, pytest.mark.timeout(900)]

QUICK = {"steps": 3}
SLOW = {"steps": 150}
"""Long enough to do something meanwhile."""

PIXELS = """
import hashlib
def pixels(layer):
    whole = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    data = layer.get_buffer().get(whole, 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE)
    return hashlib.sha256(bytes(data)).hexdigest()
image = Gimp.get_images()[0]
result = pixels(image.get_layers()[-1])
"""

SELECT = """
image = Gimp.get_images()[0]
image.select_ellipse(Gimp.ChannelOps.REPLACE, 130, 150, 220, 200)
Gimp.displays_flush()
"""

NEW = """
image = Gimp.Image.new(200, 200, Gimp.ImageBaseType.RGB)
layer = Gimp.Layer.new(
    image, "base", 200, 200, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL
)
layer.fill(Gimp.FillType.WHITE)
image.insert_layer(layer, None, 0)
Gimp.Display.new(image)
"""

IS_CONNECTED = "shown().light.value == 'on' and bool(shown().models)"


@pytest.fixture(scope="module")
def painter(desk: Desk) -> Iterator[PanelPainter]:
    """A GIMP that shows a picture, with a part of it selected."""
    with at_panel(desk, paint_file(desk.gimp.work / "sky.png")) as opened:
        yield opened


@pytest.fixture(scope="module")
def open_panel(painter: PanelPainter) -> Panel:
    painter.start_server()
    return painter.open_panel()


@pytest.fixture
def panel(painter: PanelPainter, open_panel: Panel) -> Panel:
    """Connected, and with a picture without results."""
    painter.gimp.run(SELECT)
    open_panel.wait_until(IS_CONNECTED, "connection")
    for group in range(len(painter.layers()) - 1):
        painter.gimp.run("image.remove_layer(image.get_layers()[0])", group=group)
    open_panel.finish(0)
    open_panel.set(seed=None, count=1, strength=0.8)
    return open_panel


def groups(painter: PanelPainter) -> list[str]:
    """The names of the results that are in the picture."""
    return [item[0] for item in painter.layers() if isinstance(item, list)]


def test_the_panel_starts_the_server_and_ends_with_gimp(desk: Desk) -> None:
    with at_panel(desk, paint_file(desk.gimp.work / "sky.png")) as painter:
        painter.know_server()
        painter.gimp.run(SELECT)
        panel = painter.open_panel()
        panel.wait_until("len(widgets('scumble_start_server')) == 1", "button")
        panel.click("scumble_run")
        panel.wait_until("shown().is_error and 'server' in shown().status", "what is missing")
        panel.click("scumble_start_server")
        panel.wait_until(IS_CONNECTED, "server", A_JOB)
        panel.wait_until("not widgets('scumble_server')", "end of the question")
        panel.set(**QUICK, prompt="a star")
        panel.click("scumble_run")
        panel.finish(1)
        assert groups(painter) == ["Scumble: a star"]
    wait_for(lambda: not panel.is_there, PATIENCE, "end of the panel")


def test_results_come_while_the_painter_paints_and_each_is_its_own_undo_step(
    painter: PanelPainter, panel: Panel
) -> None:
    empty = painter.gimp.run(PIXELS)
    panel.write_prompt("a red apple")
    panel.set(**SLOW)
    painter.hands.press("ctrl+Return")
    panel.wait_until("shown().preview is not None", "preview")
    panel.wait_until("len(widgets('scumble_preview')) == 1", "preview in the panel")
    assert panel.ask("widget('scumble_phase').get_text()").startswith("Sampling")
    assert 0 < panel.ask("widget('scumble_progress').get_fraction()") < 1
    painter.turn_to(MAIN)
    painter.hands.press("p")  # the paintbrush
    painter.hands.drag(Point(380, 300), Point(440, 360))
    painted = painter.gimp.wait_for(f"{PIXELS}\nresult = result != {empty!r} and result", "stroke")
    assert panel.ask("shown().job is not None"), "the job still runs"
    panel.finish(1)
    assert groups(painter) == ["Scumble: a red apple"]

    painter.undo()
    wait_for(lambda: not groups(painter), PATIENCE, "undone result")
    assert painter.gimp.run(PIXELS) == painted, "the stroke is a step of its own"
    panel.finish(0)
    painter.undo()
    painter.gimp.wait_for(f"{PIXELS}\nresult = result == {empty!r}", "undone stroke")
    painter.redo()
    painter.redo()
    wait_for(lambda: groups(painter), PATIENCE, "result done again")
    assert painter.gimp.run(PIXELS) == painted
    panel.finish(1)


def test_a_cancelled_job_leaves_the_picture_and_the_panel_as_they_were(
    painter: PanelPainter, panel: Panel
) -> None:
    panel.set(**SLOW, prompt="a tree")
    panel.click("scumble_run")
    panel.wait_until("shown().preview is not None", "preview")
    panel.click("scumble_cancel")
    panel.finish(0)
    assert panel.ask("widget('scumble_status').get_text()") == "Cancelled."
    assert not groups(painter)
    panel.set(**QUICK, prompt="a house")
    panel.click("scumble_run")
    panel.finish(1)
    assert groups(painter) == ["Scumble: a house"]


def test_thumbnails_show_keep_and_recall_variations(painter: PanelPainter, panel: Panel) -> None:
    shown = "[each.is_visible for each in variations()]"
    panel.set(**QUICK, prompt="a fish", count=3)
    panel.click("scumble_run")
    panel.finish(3)
    assert panel.ask(shown) == [True, False, False]
    panel.click("scumble_thumbnail", 1)
    panel.wait_until(f"{shown} == [False, True, False]", "second variation")
    panel.set(prompt="a bird", count=1)
    panel.click("scumble_run")
    panel.finish(4)
    panel.click("scumble_thumbnail", 3, times=2)
    panel.wait_until(f"{shown} == [True, False, False, True]", "third variation of the first job")
    visible = "result = [layer.get_visible() for layer in image.get_layers()]"
    assert painter.gimp.run(visible) == [False, True, True], "what lies over it is hidden"

    # Down to "Use its settings again", then to "Copy its seed".
    for times in (3, 4):
        panel.click("scumble_thumbnail", 3, button=3)
        panel.wait_until("any(isinstance(w, Gtk.Menu) for w in opened())", "menu")
        painter.hands.press(*["Down"] * times, "Return")
        panel.wait_until("not any(isinstance(w, Gtk.Menu) for w in opened())", "end of the menu")
    seed = int(panel.ask("variations()[3].name").removeprefix("Seed "))
    assert panel.ask("[form.seed.value(), form.prompt.text()]") == [seed, "a fish"]
    pasted = "Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text()"
    assert panel.ask(pasted) == str(seed)


def test_the_prompts_history_is_walked_with_the_arrow(panel: Panel, painter: PanelPainter) -> None:
    for number, prompt in enumerate(("a carrot", "a cup of coffee")):
        panel.write_prompt(prompt)
        panel.set(**QUICK)
        painter.hands.press("ctrl+Return")
        panel.finish(number + 1)
    panel.click("scumble_prompt")
    painter.hands.press("ctrl+Home", "Up")
    panel.wait_until("form.prompt.text() == 'a carrot'", "the prompt before")
    painter.hands.press("Down")
    panel.wait_until("form.prompt.text() == 'a cup of coffee'", "the newest prompt")


def test_everything_is_reached_with_the_keys(panel: Panel, painter: PanelPainter) -> None:
    panel.click("scumble_prompt")
    reached = []
    for _ in range(20):
        before = panel.ask("hash(panel_window._window.get_focus())")
        painter.hands.press("Tab")
        panel.wait_until(f"hash(panel_window._window.get_focus()) != {before}", "next widget")
        reached.append(panel.ask("panel_window._window.get_focus().get_name()"))
    for name in ("scumble_strength", "scumble_run", "scumble_count", "scumble_negative"):
        assert name in reached
    assert {"scumble_seed", "scumble_seed_dice", "scumble_seed_lock", "scumble_advanced"} <= {
        *reached
    }
    assert "scumble_steps" not in reached, "what is folded up does not take the keys"


def test_greyed_modes_say_why(panel: Panel, painter: PanelPainter) -> None:
    reasons = panel.ask("{mode.value: text for mode, text in shown().modes.items()}")
    panel.click("scumble_mode")
    panel.wait_until("any(isinstance(w, Gtk.Menu) for w in opened())", "list of modes")
    lines = panel.ask(
        "[[line.get_sensitive(), line.get_tooltip_text() or '']"
        " for line in form.mode.widget.get_popup_accessible().get_widget().get_children()]"
    )
    painter.hands.press("Escape")
    assert lines == [[not reason, reason] for reason in reasons.values()]


def test_there_is_one_panel_and_the_image_that_calls_it_is_chosen(
    panel: Panel, painter: PanelPainter
) -> None:
    first = panel.ask("panel_window._chosen")
    other = paint_file(painter.work / "other.png", 300, 200)
    second = painter.open_picture(other)
    panel.wait_until("len(content.picture._items) == 2", "line for the new picture")
    assert panel.ask("panel_window._chosen") == first, "it keeps to its picture"
    painter.choose("Scumble panel")  # the new picture's window is the one in front
    panel.wait_until(f"panel_window._chosen == {second}", "the picture that was called from")
    assert len(wait_for(lambda: painter.windows("^Scumble$"), PATIENCE, "panel")) == 1
    painter.close_picture()
    panel.wait_until(f"panel_window._chosen == {first}", "the picture that is left")


def test_the_result_of_a_closed_picture_waits_for_it(panel: Panel, painter: PanelPainter) -> None:
    panel.set(**SLOW, prompt="a mushroom")
    panel.click("scumble_run")
    panel.wait_until("shown().job is not None and shown().job.fraction", "running job")
    painter.close_picture()
    panel.wait_until("panel_window._picture is None", "panel without a picture")
    painter.photograph("no-picture")
    assert not panel.ask("widget('scumble_run').get_sensitive()")
    panel.wait_until("bool(panel._studio._unplaced)", "result", A_JOB)
    painter.open_picture(painter.work / "sky.png")
    panel.wait_until("len(widgets('scumble_offer')) == 1", "offer")
    painter.photograph("offer")
    panel.click("scumble_insert")
    panel.finish(1)
    assert groups(painter) == ["Scumble: a mushroom"]
    assert panel.ask("shown().offers") == []


def test_the_result_of_a_picture_that_was_never_saved_goes_into_another(
    panel: Panel, painter: PanelPainter
) -> None:
    painter.gimp.run(NEW)
    panel.wait_until("len(content.picture._items) == 2", "line for the new picture")
    panel.run("panel_window.choose(max(panel_window._images._pictures))")
    panel.set(**SLOW, prompt="a balloon")
    panel.click("scumble_run")
    panel.wait_until("shown().job is not None and shown().job.fraction", "running job")
    painter.close_picture()
    panel.wait_until("len(widgets('scumble_offer')) == 1", "offer for the other picture", A_JOB)
    panel.click("scumble_drop")
    panel.wait_until("not widgets('scumble_offer')", "dropped offer")
    assert panel.ask("[*panel.memory.pending]") == []


def test_a_closed_panel_leaves_no_process_and_its_job_is_offered_later(
    panel: Panel, painter: PanelPainter, desk: Desk
) -> None:
    panel.set(**SLOW, prompt="a rocket")
    panel.click("scumble_run")
    panel.wait_until("shown().job is not None and shown().job.fraction", "running job")
    painter.close_panel()
    wait_for(lambda: not panel.is_there, PATIENCE, "end of the panel")
    assert [job["title"] for job in desk.jobs] == ["a rocket"]
    again = painter.open_panel()
    again.wait_until("len(widgets('scumble_offer')) == 1", "offer", A_JOB)
    assert again.ask("form.prompt.text()") == "a rocket", "what was set is remembered"
    again.click("scumble_insert")
    again.finish(1)
    assert groups(painter) == ["Scumble: a rocket"]
    assert desk.jobs == []
    painter.close_panel()
    wait_for(lambda: not again.is_there, PATIENCE, "end of the panel")
