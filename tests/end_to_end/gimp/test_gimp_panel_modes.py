"""What else the panel does to a picture in a real GIMP: expand, enlarge, remove, show the mask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.gimp.at_panel import Panel, PanelPainter, at_panel, paint_file
from tests.end_to_end.gimp.desk import Desk
from tests.end_to_end.gimp.painter import MAIN

pytestmark = [pytest.mark.editor, pytest.mark.timeout(900)]

SIZE = """
image = Gimp.get_images()[0]
result = [image.get_width(), image.get_height(), len(image.get_layers())]
"""

SELECT = """
image = Gimp.get_images()[0]
image.select_rectangle(Gimp.ChannelOps.REPLACE, 60, 60, 30, 24)
Gimp.displays_flush()
"""

SPOT = """
def pixels(drawable, *rect):
    area = Gegl.Rectangle.new(*rect)
    return bytes(drawable.get_buffer().get(area, 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE))

image = Gimp.get_images()[0]
base = image.get_layers()[-1]
buffer = base.get_buffer()
buffer.set(Gegl.Rectangle.new(66, 66, 16, 10), "R'G'B'A u8", bytes((255, 0, 0, 255)) * 160)
buffer.flush()
base.update(0, 0, 300, 200)
"""

SEEN = """
merged = Gimp.Layer.new_from_visible(image, image, "seen")
found = pixels(merged, 60, 60, 30, 24)
merged.delete()
reds = [found[i] for i in range(0, len(found), 4)]
result = max(reds)
"""

MIDDLE = """
shown_mask = widget("scumble_preview").get_pixbuf()
row = shown_mask.get_height() // 2 * shown_mask.get_rowstride()
place = row + shown_mask.get_width() // 2 * shown_mask.get_n_channels()
result = list(shown_mask.get_pixels()[place : place + 3])
"""

QUICK_MASK = "result = Gimp.get_images()[0].get_channel_by_name('Qmask') is not None"


@pytest.fixture(scope="module")
def painter(desk: Desk) -> Iterator[PanelPainter]:
    """A GIMP that shows a picture."""
    with at_panel(desk, paint_file(desk.gimp.work / "sky.png", 300, 200)) as opened:
        opened.start_server()
        yield opened


@pytest.fixture(scope="module")
def open_panel(painter: PanelPainter) -> Panel:
    opened = painter.open_panel()
    opened.wait_until("shown().light.value == 'on' and bool(shown().models)", "connection")
    # GIMP's home is that of the other files' tests, and the panel remembers what they set.
    opened.run("form.fill(type(form.order())())")
    opened.set(steps=3, prompt="grass")
    return opened


@pytest.fixture
def panel(painter: PanelPainter, open_panel: Panel) -> Panel:
    """Connected, and with a picture without results."""
    for _ in painter.layers()[1:]:
        painter.gimp.run("image.remove_layer(image.get_layers()[0])")
    open_panel.finish(0)
    return open_panel


def choose(panel: Panel, mode: str) -> None:
    panel.run("form.mode.choose(mode); form.show_mode()", mode=mode)


def test_expanding_is_one_undo_step(painter: PanelPainter, panel: Panel) -> None:
    choose(panel, "expand")
    panel.click("scumble_margin_right")
    painter.hands.press("ctrl+a")
    painter.hands.write("40")
    painter.hands.press("Tab")
    panel.click("scumble_run")
    panel.finish(1)
    assert painter.gimp.run(SIZE) == [340, 200, 2]
    painter.undo()
    painter.gimp.wait_for(f"{SIZE}\nresult = result == [300, 200, 1]", "canvas as it was")


def test_enlarging_is_one_undo_step(painter: PanelPainter, panel: Panel) -> None:
    choose(panel, "upscale")
    assert panel.ask("len(widgets('scumble_prompt'))") == 0, "it needs no words"
    panel.run("form.upscaler.choose('lanczos'); form.scale.set_value(1.5)")
    panel.click("scumble_run")
    panel.finish(1)
    assert painter.gimp.run(SIZE) == [450, 300, 2]
    painter.undo()
    painter.gimp.wait_for(f"{SIZE}\nresult = result == [300, 200, 1]", "size as it was")


def test_removing_lets_the_surroundings_go_on(painter: PanelPainter, panel: Panel) -> None:
    painter.gimp.run(SPOT + SELECT)
    before = painter.gimp.run(f"{SEEN}")
    assert before == 255, "the spot is red"
    choose(panel, "remove")
    assert panel.ask("len(widgets('scumble_prompt'))") == 0, "it needs no words"
    panel.click("scumble_run")
    panel.finish(1)
    assert painter.gimp.run(SEEN) < 160, "the sky has little red"
    assert panel.ask("variations()[0].request_json").startswith('{"kind": "remove"')


def test_the_mask_is_shown_over_the_picture_and_hidden_again(
    painter: PanelPainter, panel: Panel
) -> None:
    painter.gimp.run(SELECT)
    choose(panel, "regenerate")
    panel.click("scumble_mask")
    panel.wait_until("len(widgets('scumble_preview')) == 1", "mask")
    assert panel.ask("shown().is_mask_shown")
    red, green, blue = panel.run(MIDDLE)
    assert red > green
    assert red > blue
    panel.click("scumble_mask")
    panel.wait_until("not widgets('scumble_preview')", "end of the mask")
    assert len(painter.layers()) == 1


def test_quick_mask_is_refused_with_what_to_do(painter: PanelPainter, panel: Panel) -> None:
    painter.gimp.run(SELECT)
    choose(panel, "regenerate")
    painter.turn_to(MAIN)
    painter.hands.press("shift+q")
    painter.gimp.wait_for(QUICK_MASK, "Quick Mask")
    panel.click("scumble_run")
    panel.wait_until("shown().is_error", "refusal")
    assert "Select ▸ Toggle Quick Mask" in panel.ask("shown().status")
    painter.turn_to(MAIN)
    painter.hands.press("shift+q")
    painter.gimp.wait_for(QUICK_MASK.replace("is not None", "is None"), "no Quick Mask")
    panel.click("scumble_run")
    panel.finish(1)
