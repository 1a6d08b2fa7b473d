"""The panel's rarer fields in a real GIMP: guides, styles, dropped files, names, ratios."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from PIL import Image, PngImagePlugin

from scumble_protocol.editor.record import request_json
from scumble_protocol.editor.settings import NO_BLOB, Settings
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from tests.end_to_end.gimp.at_panel import Panel, PanelPainter, at_panel, paint_file
from tests.end_to_end.gimp.desk import Desk

pytestmark = [pytest.mark.editor, pytest.mark.timeout(900)]

SELECT = """
image = Gimp.get_images()[0]
image.select_rectangle(Gimp.ChannelOps.REPLACE, 40, 50, 120, 90)
Gimp.displays_flush()
"""

LAYERS = """
image = Gimp.get_images()[0]
folder = Gimp.GroupLayer.new(image, "places")
image.insert_layer(folder, None, 0)
for number, name in enumerate(("a cat", "a dog")):
    layer = Gimp.Layer.new(image, name, 50, 50, Gimp.ImageType.RGBA_IMAGE, 100, 28)
    layer.fill(Gimp.FillType.WHITE)
    layer.set_offsets(60 * number, 0)
    image.insert_layer(layer, folder, number)
result = [str(layer.get_tattoo()) for layer in folder.get_children()]
"""

SOURCE = """
# A window with a button that a file can be dragged from, as from a file manager.
source = Gtk.Window(title="Files", default_width=120, default_height=60)
button = Gtk.Button(label="file", name="file_to_drag")
button.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
button.drag_source_add_uri_targets()
button.connect("drag-data-get", lambda _, __, data, *___: data.set_uris([uri]))
source.add(button)
source.move(20, 700)
source.show_all()
"""


@pytest.fixture(scope="module")
def painter(desk: Desk) -> Iterator[PanelPainter]:
    """A GIMP that shows a picture, with a part of it selected."""
    with at_panel(desk, paint_file(desk.gimp.work / "sky.png", 400, 300)) as opened:
        opened.gimp.run(SELECT)
        opened.start_server()
        yield opened


@pytest.fixture(scope="module")
def panel(painter: PanelPainter) -> Panel:
    opened = painter.open_panel()
    opened.wait_until("shown().light.value == 'on' and bool(shown().models)", "connection")
    opened.set(steps=3)
    return opened


def test_the_rim_can_be_left_to_scumble(panel: Panel) -> None:
    panel.run("form.sections[1].set_expanded(True)")
    panel.set(grow=None, feather=3)
    assert panel.ask("[widget('scumble_grow').get_text(), form.order().settings.grow]") == [
        "Automatic",
        None,
    ]
    assert panel.ask("form.order().settings.feather") == 3
    panel.run("widget('scumble_grow').set_text('17'); widget('scumble_grow').update()")
    assert panel.ask("form.order().settings.grow") == 17
    panel.run("widget('scumble_grow').set_text('seventeen'); widget('scumble_grow').update()")
    assert panel.ask("form.order().settings.grow") == 17
    panel.run("form.sections[1].set_expanded(False)")


def test_a_group_of_layers_becomes_regions_by_their_names(
    painter: PanelPainter, panel: Panel
) -> None:
    layers = painter.gimp.run(LAYERS)
    panel.set(prompt="a meadow", seed=8)
    panel.run("form.sections[0].set_expanded(True)")
    panel.click("scumble_guide_add")
    panel.wait_until("len(form.guides.rows) == 1", "row")
    panel.wait_until("len(form.guides.rows[0]._offer.layers) == 4", "layers to choose from")
    titles = panel.ask("[item.title.strip() for item in form.guides.rows[0].layer._items]")
    assert titles[1:] == ["places", "a cat", "a dog", "sky.png"]
    panel.run(
        "row = form.guides.rows[0]\n"
        "row.kind.choose('region'); row.kind_chosen()\n"
        "row.layer.choose(row.layer._items[1].id)"
    )
    assert panel.ask("widget('scumble_guide_prompt').get_mapped()")
    assert panel.ask("len(widgets('scumble_guide_weight'))") == 0
    regions = "[[each.layer, each.prompt] for each in form.order().settings.regions]"
    assert panel.ask(regions) == [[layers[1], "a dog"], [layers[0], "a cat"]]
    assert panel.ask("form.sections[0].get_label()") == "Guides (1)"
    painter.photograph("guides")
    panel.click("scumble_run")
    panel.finish(1)
    made = json.loads(panel.ask("variations()[0].request_json"))
    assert [region["prompt"] for region in made["regions"]] == ["a dog", "a cat"]
    painter.gimp.run("image.remove_layer(image.get_layers()[0])")
    panel.finish(0)
    panel.click("scumble_guide_remove")
    panel.wait_until("not form.guides.rows", "no row")
    assert panel.ask("form.order().settings.regions") == []
    panel.run("form.sections[0].set_expanded(False)")
    painter.gimp.run("image.remove_layer(image.get_layers()[0])")


def test_a_ratio_sets_the_margins_and_a_margin_frees_the_ratio(panel: Panel) -> None:
    panel.run("form.mode.choose('expand'); form.show_mode()")
    panel.run("form.margins.ratio.choose('16:9'); form.margins.ratio.chosen()")
    margins = "[m.left, m.top, m.right, m.bottom]"
    assert panel.ask(f"next({margins} for m in [form.order().margins])") == [66, 0, 67, 0]
    panel.run("form.margins._fields['top'].set_value(8)")
    assert panel.ask("form.margins.ratio.id()") == ""
    panel.run("form.mode.choose('regenerate'); form.show_mode()")


def test_a_style_is_asked_for_by_name(panel: Panel) -> None:
    panel.run("form.style.choose('watercolour'); form.style.chosen()")
    panel.set(prompt="a boat", seed=3)
    assert panel.ask("form.order().style") == "watercolour"
    panel.click("scumble_run")
    panel.finish(1)
    recorded = json.loads(panel.ask("variations()[0].request_json"))
    assert recorded["prompt"].startswith("a boat")
    assert "watercolour" in recorded["prompt"]
    assert recorded["made"]["seed"] == 3
    panel.run("form.style.choose('')")


def test_a_file_that_is_dropped_gives_its_settings(painter: PanelPainter, panel: Panel) -> None:
    made_with = Settings(prompt="a lighthouse", negative="fog", seed=77, steps=9, strength=0.6)
    file = painter.work / "made.png"
    image = ImageRef(NO_BLOB, Size(8, 8), PixelFormat.RGBA8)
    mask = ImageRef(NO_BLOB, Size(8, 8), PixelFormat.GRAY8)
    request = made_with.request(
        0, canvas=Size(8, 8), context=Rect(0, 0, 8, 8), image=image, mask=mask
    )
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("scumble", request_json(request))
    Image.new("RGB", (8, 8)).save(file, pnginfo=texts)
    panel.run(SOURCE, uri=file.as_uri())
    for target in ("scumble_prompt", "scumble_run"):
        panel.run("form.prompt.set_text(''); form.seed.set_value(None)")
        painter.hands.drag(panel.place_of("file_to_drag"), panel.place_of(target))
        panel.wait_until("form.prompt.text() == 'a lighthouse'", f"settings on {target}")
        assert panel.ask("[form.seed.value(), form.advanced.steps.value()]") == [77, 9]
    panel.run("panel_window._reuse(__import__('pathlib').Path(path))", path=str(file))
    panel.run("source.destroy()")
    sky = painter.work / "sky.png"
    panel.run(
        "panel_window._guard(panel_window._reuse)(__import__('pathlib').Path(path))", path=str(sky)
    )
    assert "does not say how it was made" in panel.ask("shown().status")


def test_names_are_proposed_while_they_are_written(painter: PanelPainter, panel: Panel) -> None:
    panel.run(
        "names = type('Names', (), {'loras': ('gouache', 'ink', 'inkwell'), 'wildcards': ()})()\n"
        "form.prompt.proposals.names = names\n"
        "form.show_view = lambda view: None"
    )
    panel.click("scumble_prompt")
    painter.hands.press("ctrl+a")
    painter.hands.write("a cat <lora:in")
    panel.wait_until("len(widgets('scumble_names')) == 1", "list of names")
    painter.photograph("names")
    painter.hands.press("Down", "Return")
    panel.wait_until("form.prompt.text() == 'a cat <lora:inkwell:1>'", "chosen name")
    panel.wait_until("not widgets('scumble_names')", "end of the list")
    painter.hands.write(", red")
    panel.wait_until("form.prompt.text() == 'a cat <lora:inkwell:1>, red'", "more words")
