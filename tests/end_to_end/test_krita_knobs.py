"""What a painter can ask beyond a prompt, at a real Krita with a real server and the starter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import diffusers
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from scumble_server.app import STARTER_FOLDER
from tests.end_to_end.krita_desk import KritaDesk, krita_desk, require_krita
from tests.timing import MS

pytestmark = [pytest.mark.editor, pytest.mark.timeout(900)]

SIDE: Final = 256
TOOLS: Final = """
def flat(color):
    ground = doc().topLevelNodes()[0]
    ground.setPixelData(bytes(color) * (doc().width() * doc().height()), 0, 0,
                        doc().width(), doc().height())
    doc().refreshProjection()
    doc().waitForDone()


def block(color, x, y, width, height):
    ground = doc().topLevelNodes()[0]
    ground.setPixelData(bytes(color) * (width * height), x, y, width, height)
    doc().refreshProjection()
    doc().waitForDone()


def regions():
    group = doc().createGroupLayer("Regions")
    doc().rootNode().addChildNode(group, None)
    for name, x in (("a red apple", 0), ("a banana", 128)):
        layer = doc().createNode(name, "paintlayer")
        layer.setPixelData(bytes([128, 128, 128, 255]) * (128 * 256), x, 0, 128, 256)
        layer.setOpacity(0)
        group.addChildNode(layer, None)
    group.setVisible(False)
    doc().refreshProjection()
    doc().waitForDone()


def records():
    return [v.request_json for v in docker()._picture.variations()]
"""


@pytest.fixture(scope="module")
def open_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KritaDesk]:
    require_krita()
    folder = tmp_path_factory.mktemp("knobs")
    make_control(folder / "state/models/controlnet/edges-canny")
    with krita_desk(folder) as opened:
        opened.krita.run(TOOLS)
        yield opened


def make_control(folder: Path) -> None:
    """A ControlNet that fits the starter; a new one holds nothing to anything yet."""
    folder.mkdir(parents=True)
    unet = diffusers.UNet2DConditionModel.from_pretrained(str(STARTER_FOLDER / "unet"))
    control = diffusers.ControlNetModel.from_unet(
        unet, conditioning_embedding_out_channels=(4, 8, 8, 16)
    )
    control.save_pretrained(str(folder))


@pytest.fixture
def desk(open_desk: KritaDesk) -> KritaDesk:
    """With a picture whose size the starter knows, and nothing selected."""
    open_desk.new_document(SIDE, SIDE)
    open_desk.wait_until("bool(shown().models)", "connection")
    open_desk.krita.run(
        "from scumble_krita._vendor.scumble_protocol.editor.order import Order\n"
        "docker().panel.form.fill(Order())"
    )
    return open_desk


def choose(desk: KritaDesk, name: str, wanted: str) -> None:
    """As with the mouse: show the item, and tell that it was chosen."""
    desk.krita.run(
        "box = widget('scumble_' + name)\n"
        "row = box.findData(wanted)\n"
        "assert row >= 0, [box.itemData(row) for row in range(box.count())]\n"
        "box.setCurrentIndex(row); box.activated.emit(row)",
        name=name,
        wanted=wanted,
    )


def record(desk: KritaDesk) -> dict[str, Any]:
    """What the newest layer says of how it was made."""
    found: dict[str, Any] = json.loads(desk.ask("records()[0]"))
    return found


def picture(desk: KritaDesk) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(desk.merged(), np.uint8).reshape(SIDE, SIDE, 4)


def test_a_schedule_passes_and_regions_from_a_group_of_layers(desk: KritaDesk) -> None:
    desk.krita.run("flat([120, 140, 160, 255]); regions()")
    desk.set(steps=4, strength=1.0, passes=[0.5], seed=3, prompt="on a table")
    choose(desk, "schedule", "exponential")
    desk.krita.run(
        "form = docker().panel.form\n"
        "form.guide_section.set_open(True)\n"
        "row = form.guides.add()\n"
        "row.kind.choose('region'); row.kind_chosen()\n"
        "row.layer.opening.emit()\n"
        "row.layer.choose(next(i.id for i in row.layer._items if i.title == 'Regions'))"
    )
    desk.photograph("regions")
    desk.click("scumble_run")
    desk.finish(groups=2)
    made = record(desk)
    assert made["schedule"] == "exponential"
    assert [region["prompt"] for region in made["regions"]] == ["a red apple", "a banana"]
    assert [step["strength"] for step in made["made"]["passes"]] == [1.0, 0.5]
    assert desk.ask("shown().status").startswith("Done in")


def test_a_control_is_read_from_a_layer_and_its_drawing_comes_back(desk: KritaDesk) -> None:
    desk.krita.run("flat([120, 140, 160, 255])")
    desk.krita.run(
        "lines = doc().createNode('Lines', 'paintlayer')\n"
        "lines.setPixelData(bytes([255, 255, 255, 255]) * 256 * 256, 0, 0, 256, 256)\n"
        "lines.setPixelData(bytes([0, 0, 0, 255]) * 100 * 100, 60, 60, 100, 100)\n"
        "doc().rootNode().addChildNode(lines, None)\n"
        "lines.setVisible(False); doc().refreshProjection(); doc().waitForDone()"
    )
    desk.set(steps=4, strength=1.0, seed=3, prompt="a red apple")
    desk.krita.run(
        "guides = docker().panel.form.guides\n"
        "docker().panel.form.guide_section.set_open(True)\n"
        "row = guides.add(); row.layer.opening.emit()\n"
        "row.layer.choose(next(i.id for i in row.layer._items if i.title == 'Lines'))\n"
        "row.show.set_value(True)"
    )
    assert desk.ask("[item.title for item in row.model._items]") == ["Automatic", "edges-canny"]
    desk.click("scumble_run")
    desk.finish()
    desk.photograph("control")
    ((_, _, layers),) = [node for node in desk.ask("tree()") if node[1] == "grouplayer"]
    assert sorted(name for name, *_ in layers) == ["Canny", "Seed 3"]
    drawn = "next(n for n in groups()[0].childNodes() if n.name() == 'Canny')"
    data = desk.ask(f"list(bytes({drawn}.pixelData(0, 0, 256, 256))[::4])")
    edges = np.array(data).reshape(SIDE, SIDE)
    assert (edges[100, 50:70] > 200).any(), "the left edge of the square"
    assert (edges[90:130, 80:140] == 0).all(), "nothing inside of it"
    assert record(desk)["controls"][0]["kind"] == "canny"


def test_removing_without_a_model_goes_on_with_what_is_around(desk: KritaDesk) -> None:
    desk.krita.run("flat([120, 140, 160, 255]); block([0, 0, 255, 255], 100, 100, 40, 30)")
    desk.krita.run("select(96, 96, 48, 38)")
    before = picture(desk).copy()
    choose(desk, "mode", "remove")
    desk.photograph("remove")
    desk.click("scumble_run")
    desk.finish()
    after = picture(desk)
    assert np.abs(after[100:130, 100:140].astype(int) - before[0, 0]).max() <= 8
    outside = np.ones((SIDE, SIDE), bool)
    outside[80:150, 80:160] = False
    assert np.array_equal(after[outside], before[outside])
    assert record(desk)["kind"] == "remove"
    assert len(desk.ask("history()")) == 2, "one step"


def test_the_mask_is_seen_on_the_canvas_and_is_no_layer(desk: KritaDesk) -> None:
    desk.krita.run("select(60, 60, 100, 100, 8)")
    desk.click("scumble_mask")
    desk.wait_until("shown().is_mask_shown", "mask")
    desk.wait_until("is_preview_shown()", "mask on the canvas")
    desk.photograph("mask")
    assert desk.ask("groups() == []")
    desk.click("scumble_mask")
    desk.wait_until("not is_preview_shown()", "canvas without the mask")
    assert not desk.ask("docker()._office.panel.memory.pending")


def test_a_prompt_is_counted_and_what_is_wrong_with_it_is_said(desk: KritaDesk) -> None:
    desk.write_prompt("a red apple")
    desk.wait_until("'tokens' in widget('scumble_tokens').text()", "count", 60_000 * MS)
    desk.write_prompt("a red apple <lora:none:1>")
    desk.wait_until("'no LoRA' in widget('scumble_tokens').text()", "what is wrong")
    desk.photograph("tokens")


def test_a_dropped_picture_has_its_settings_used_again(desk: KritaDesk) -> None:
    text = "a banana\nNegative prompt: blurry\nSteps: 7, Sampler: Euler a, CFG scale: 4, Seed: 5"
    made = PngInfo()
    made.add_text("parameters", text)
    file = desk.krita.folder / "banana.png"
    Image.new("RGB", (4, 4)).save(file, pnginfo=made)
    desk.krita.run(
        "from pathlib import Path\ndocker().panel.file_dropped.emit(Path(file))", file=str(file)
    )
    assert desk.ask("docker().panel.form.prompt.text()") == "a banana"
    assert desk.ask("docker().panel.form.order().settings.steps") == 7
    assert desk.ask("docker().panel.form.order().settings.sampler.value") == "euler_a"
    assert desk.ask("shown().status") == "The settings of banana.png are set."
    desk.krita.run("docker().panel.file_dropped.emit(Path(file).parent)", file=str(file))
    assert desk.ask("shown().is_error")


def test_a_lora_is_proposed_and_taken_with_return(desk: KritaDesk) -> None:
    folder = desk.state / "models" / "loras"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Sumi-e.safetensors").touch()
    desk.krita.run("docker()._office.panel._words._named = -100.0")  # as if some time had gone by
    desk.write_prompt("a tree ")
    desk.wait_until("bool(shown().names and shown().names.loras)", "names")
    desk.hands.write("<lora:su")
    desk.wait_until("app_popup() is not None and app_popup().isVisible()", "proposals")
    desk.photograph("names")
    desk.hands.press("Return")
    desk.wait_until(
        "docker().panel.form.prompt.text() == 'a tree <lora:Sumi-e:1>'", "name in the prompt"
    )
    (folder / "Sumi-e.safetensors").unlink()
