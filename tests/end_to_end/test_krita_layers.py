"""What the plugin tells of the layers of a real Krita's documents, and reads out of each."""

from __future__ import annotations

import base64
from typing import Final

import numpy as np
import pytest

from tests.end_to_end.krita_pictures import PictureInKrita, Samples, plain

pytestmark = pytest.mark.editor

NESTED: Final = """
background = document.topLevelNodes()[0]
background.setPixelData(bytes([0, 0, 255, 255]) * 64 * 48, 0, 0, 64, 48)
outer = document.createGroupLayer("Regions")
inner = document.createGroupLayer("Inner")
sky = document.createNode("a blue sky", "paintlayer")
sky.setPixelData(bytes([255, 0, 0, 255]) * 10 * 8, 20, 30, 10, 8)
over = document.createNode("over the edge", "paintlayer")
over.setPixelData(bytes([0, 255, 0, 128]) * 20 * 20, 54, 38, 20, 20)
empty = document.createNode("empty", "paintlayer")
document.rootNode().addChildNode(outer, None)
outer.addChildNode(sky, None)
outer.addChildNode(inner, sky)
inner.addChildNode(over, None)
document.rootNode().addChildNode(empty, None)
document.refreshProjection()
document.waitForDone()
listed = lambda: [
    [each.name, each.group and next(o.name for o in picture.layers() if o.id == each.group),
     each.is_group,
     each.bounds and [each.bounds.x, each.bounds.y, each.bounds.width, each.bounds.height]]
    for each in picture.layers()
]
named = lambda name: next(each.id for each in picture.layers() if each.name == name)
"""
BLUE: Final = [0, 0, 255, 255]


def read(picture: PictureInKrita, name: str, rect: tuple[int, int, int, int]) -> Samples:
    data = picture.ask(
        "text(picture.read_layer(named(name), Rect(*rect))().data)", name=name, rect=rect
    )
    dtype = np.uint8 if picture.ask("picture.depth().value") == "rgba8" else np.dtype("<u2")
    return np.frombuffer(base64.b64decode(data), dtype).reshape(rect[3], rect[2], 4)


def test_layers_are_listed_from_top_to_bottom_with_their_groups(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run(NESTED)
    assert picture.ask("listed()") == [
        ["empty", "", False, None],
        ["Regions", "", True, [20, 30, 44, 18]],
        ["Inner", "Regions", True, [54, 38, 10, 10]],
        ["over the edge", "Inner", False, [54, 38, 10, 10]],
        ["a blue sky", "Regions", False, [20, 30, 10, 8]],
        ["Background", "", False, [0, 0, 64, 48]],
    ]
    outline = "[[each.name, each.bounds] for each in picture.outline()]"
    assert [name for name, bounds in picture.ask(outline) if bounds is None] == [
        "empty", "Regions", "Inner", "over the edge", "a blue sky", "Background",
    ]  # fmt: skip
    assert picture.ask("[each.id for each in picture.outline()]") == picture.ask(
        "[each.id for each in picture.layers()]"
    )


def test_results_are_layers_like_others_and_masks_are_none(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run(NESTED)
    assert not picture.insert((4, 4, 16, 16), plain((4, 4, 16, 16), [9, 8, 7, 255]))
    names = [name for name, *_ in picture.ask("listed()")]
    assert "Scumble: a tree" in names
    assert names[names.index("Scumble: a tree") + 1] == "Seed 0"
    assert names.count("Seed 0") == 1, "its mask has the same name"
    assert (read(picture, "Seed 0", (4, 4, 16, 16)) == [9, 8, 7, 255]).all()


def test_a_layer_is_read_by_itself_with_nothing_around_it(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run(NESTED)
    found = read(picture, "a blue sky", (0, 0, 64, 48))
    assert (found[30:38, 20:30] == BLUE).all()
    assert found[..., 3].sum() == 255 * 80
    over = read(picture, "over the edge", (50, 30, 14, 18))
    assert over[17, 13].tolist()[3] == 128


def test_a_group_is_read_with_all_that_is_in_it(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run(NESTED)
    found = read(picture, "Regions", (0, 0, 64, 48))
    assert found[31, 21].tolist() == BLUE
    assert found[40, 60, 3] == 128
    assert found[0, 0, 3] == 0


@pytest.mark.parametrize("name", ["a blue sky", "over the edge", "Regions"])
def test_a_hidden_layer_is_read_all_the_same(picture: PictureInKrita, name: str) -> None:
    picture.open(64, 48)
    picture.krita.run(NESTED)
    seen = read(picture, name, (0, 0, 64, 48))
    picture.krita.run("document.nodeByName(name).setVisible(False)", name=name)
    picture.krita.run("document.refreshProjection(); document.waitForDone()")
    assert np.array_equal(read(picture, name, (0, 0, 64, 48)), seen)
    assert seen[..., 3].any()


@pytest.mark.parametrize("model", ["RGBA", "LABA"])
def test_a_deep_layer_travels_as_deep_srgb(picture: PictureInKrita, model: str) -> None:
    picture.open(32, 24, model, "U16", "")
    picture.krita.run(
        "layer = document.createNode('deep', 'paintlayer')\n"
        "layer.setColorSpace('RGBA', 'U16', 'sRGB-elle-V2-srgbtrc.icc')\n"
        "layer.setPixelData(bytes([0, 32, 0, 64, 0, 128, 255, 255]) * 32 * 24, 0, 0, 32, 24)\n"
        "layer.setColorSpace(document.colorModel(), 'U16', document.colorProfile())\n"
        "document.rootNode().addChildNode(layer, None); document.refreshProjection()\n"
        "named = lambda name: next(each.id for each in picture.layers() if each.name == name)"
    )
    found = read(picture, "deep", (0, 0, 32, 24))
    assert found.dtype == np.dtype("<u2")
    assert np.abs(found[5, 5].astype(int) - [32768, 16384, 8192, 65535]).max() <= 40


def test_a_layer_that_is_gone_is_refused(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run(NESTED)
    picture.krita.run("lost = named('a blue sky'); sky.remove()")
    refused = picture.ask("refusal(lambda: picture.read_layer(lost, Rect(0, 0, 9, 9)))")
    assert refused.startswith("The layer of a control, reference or region is gone.")
