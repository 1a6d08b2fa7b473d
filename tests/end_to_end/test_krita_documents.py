"""All kinds of documents in a real Krita: what is sent, what comes back, what stays untouched."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.end_to_end.editors.hands import Point
from tests.end_to_end.krita_desk import KritaDesk, krita_desk, require_krita

pytestmark = pytest.mark.editor

LINEAR = "sRGB-elle-V2-g10.icc"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KritaDesk]:
    require_krita()
    with krita_desk(tmp_path_factory.mktemp("documents")) as opened:
        yield opened


def regenerate(desk: KritaDesk, **settings: object) -> None:
    desk.wait_until("bool(shown().models)", "connection")
    desk.set(**{"prompt": "a red apple", "steps": 3, "strength": 1.0, "seed": 5} | settings)
    desk.krita.run("docker().panel.ensureWidgetVisible(widget('scumble_run'))")
    desk.click("scumble_run")


def masks(desk: KritaDesk, width: int, height: int) -> NDArray[np.uint8]:
    """The transparency mask of the newest result's first layer, over the whole canvas."""
    data = desk.ask(
        "base64.b64encode(bytes(groups()[-1].childNodes()[-1].childNodes()[0]"
        ".pixelData(0, 0, width, height))).decode()",
        width=width,
        height=height,
    )
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width)


@pytest.mark.parametrize(
    ("model", "depth", "profile"),
    [
        ("RGBA", "U8", ""),
        ("RGBA", "U16", ""),
        ("RGBA", "F16", LINEAR),
        ("RGBA", "F32", ""),
        ("GRAYA", "U8", ""),
        ("GRAYA", "U16", ""),
        ("CMYKA", "U8", ""),
        ("LABA", "U16", ""),
    ],
)
def test_outside_of_the_mask_every_byte_stays(
    desk: KritaDesk, model: str, depth: str, profile: str
) -> None:
    width, height = 301, 233
    desk.new_document(width, height, model, depth, profile)
    desk.krita.run("select(63, 41, 150, 130, 6)")
    before = np.frombuffer(desk.merged(), np.uint8).reshape(height, width, -1)
    regenerate(desk)
    desk.finish()
    desk.photograph(f"{model}-{depth}")
    after = np.frombuffer(desk.merged(), np.uint8).reshape(height, width, -1)
    mask = masks(desk, width, height)
    assert mask.max() == 255
    outside = mask == 0
    assert outside.sum() > width * height / 3
    np.testing.assert_array_equal(after[outside], before[outside])
    changed = (after != before).any(axis=2)
    assert changed[mask == 255].mean() > 0.9, "inside something else is there"
    space = desk.ask(
        "[groups()[0].childNodes()[0].colorModel(), groups()[0].childNodes()[0].colorDepth()]"
    )
    assert space == [model, depth]


def test_what_is_sent_as_mask_is_the_selection_byte_by_byte(desk: KritaDesk) -> None:
    desk.new_document(300, 200)
    desk.krita.run("select(50, 40, 120, 100, 12)")
    own = desk.ask("base64.b64encode(bytes(doc().selection().pixelData(0, 0, 300, 200))).decode()")
    desk.krita.run("everything = type(docker()._picture.selection())(0, 0, 300, 200)")
    read = desk.ask("base64.b64encode(docker()._picture.read_mask(everything).data).decode()")
    assert read == own
    assert len(set(base64.b64decode(own))) > 10, "it has a soft edge"


def test_where_nothing_is_selected_nothing_is_sent(desk: KritaDesk) -> None:
    desk.new_document(300, 200)
    desk.krita.run("doc().setSelection(Selection())")
    regenerate(desk)
    desk.wait_until("shown().is_error", "message")
    assert desk.ask("shown().status").startswith("Nothing is selected.")
    desk.krita.run("select(400, 300, 50, 50)")
    regenerate(desk)
    desk.wait_until("shown().is_error and shown().job is None", "message")
    assert desk.ask("groups() == []")


def test_a_selection_that_reaches_beyond_the_canvas_is_cut_there(desk: KritaDesk) -> None:
    desk.new_document(300, 200)
    desk.krita.run("select(200, 100, 400, 400)")
    regenerate(desk)
    desk.finish()
    mask = masks(desk, 300, 200)
    assert mask[190, 290] == 255
    assert mask[50, 100] == 0


def test_without_a_selection_the_whole_canvas_is_meant(desk: KritaDesk) -> None:
    desk.new_document(200, 150)
    regenerate(desk)
    desk.finish()
    assert (masks(desk, 200, 150) == 255).all()


def test_of_a_large_canvas_only_a_part_is_read(desk: KritaDesk) -> None:
    desk.new_document(4096, 4096)
    desk.krita.run("select(3000, 2000, 200, 200)")
    before = desk.ask("list(bytes(doc().pixelData(10, 10, 8, 8)))")
    regenerate(desk)
    desk.finish()
    assert desk.ask("groups()[0].bounds().width() < 600")
    assert desk.ask("list(bytes(doc().pixelData(10, 10, 8, 8)))") == before


def test_a_result_can_be_run_again_after_saving_and_opening(desk: KritaDesk) -> None:
    desk.new_document(256, 256)
    desk.krita.run("select(60, 60, 128, 128)")
    regenerate(desk, prompt="a star", seed=77)
    desk.finish()
    made = "base64.b64encode(bytes(groups()[0].childNodes()[0].pixelData(60, 60, 128, 128)))"
    first = desk.ask(f"{made}.decode()")
    file = desk.krita.folder / "again.kra"
    desk.krita.run("doc().setBatchmode(True); assert doc().saveAs(file)", file=str(file))
    desk.close_documents()
    desk.krita.run("show(app.openDocument(file))", file=str(file))
    desk.wait_until("doc() is not None and doc().activeNode() is not None", "document")
    desk.wait_until("widget('scumble_variations').count() == 1", "thumbnail")
    desk.set(prompt="something else", seed=None, steps=9)
    desk.krita.run("docker().panel.ensureWidgetVisible(widget('scumble_variations'))")
    desk.hands.click(Point(*desk.ask("thumbnail_place(0)")), button=3)
    desk.wait_until("app_popup() is not None", "menu of the thumbnail")
    desk.hands.press("Down", "Down", "Down", "Return")  # "Use its settings again"
    desk.wait_until("docker().panel.form.order().settings.seed == 77", "the settings of the result")
    settings = "docker().panel.form.order().settings"
    assert desk.ask(f"[{settings}.prompt, {settings}.seed, {settings}.steps]") == ["a star", 77, 3]
    desk.krita.run("groups()[0].setVisible(False); doc().refreshProjection()")
    desk.krita.run("doc().setActiveNode(doc().topLevelNodes()[0]); select(60, 60, 128, 128)")
    desk.krita.run("docker().panel.ensureWidgetVisible(widget('scumble_run'))")
    desk.click("scumble_run")
    desk.finish(groups=2)
    second = desk.ask(f"{made}.decode()")
    assert second == first, "the same request gives the same pixels"


def test_expanding_grows_the_canvas_and_fills_what_was_added(desk: KritaDesk) -> None:
    desk.new_document(200, 160)
    before = np.frombuffer(desk.merged(), np.uint8).reshape(160, 200, 4)
    desk.wait_until("bool(shown().models)", "connection")
    desk.krita.run(
        "from dataclasses import replace\n"
        "form = docker().panel.form\n"
        "order = form.order()\n"
        "form.fill(replace(order, mode=type(order.mode)('expand'), "
        "margins=type(order.margins)(left=0, top=0, right=56, bottom=0), "
        "settings=replace(order.settings, steps=3, prompt='grass')))"
    )
    desk.photograph("expand")
    desk.click("scumble_run")
    desk.finish()
    assert desk.ask("[doc().width(), doc().height()]") == [256, 160]
    after = np.frombuffer(desk.merged(), np.uint8).reshape(160, 256, 4)
    mask = masks(desk, 256, 160)
    outside = mask[:, :200] == 0
    assert outside.mean() > 0.5
    np.testing.assert_array_equal(after[:, :200][outside], before[outside])
    assert (after[:, 200:, 3] == 255).all(), "the added space is full"


def test_upscaling_makes_the_picture_larger(desk: KritaDesk) -> None:
    desk.new_document(120, 90)
    desk.wait_until("bool(shown().upscalers)", "connection")
    desk.krita.run(
        "from dataclasses import replace\n"
        "form = docker().panel.form\n"
        "order = form.order()\n"
        "form.fill(replace(order, mode=type(order.mode)('upscale'), scale=2.0))"
    )
    desk.click("scumble_run")
    desk.finish()
    assert desk.ask("[doc().width(), doc().height()]") == [240, 180]
    desk.krita.run("form.fill(replace(order, mode=type(order.mode)('regenerate')))")
