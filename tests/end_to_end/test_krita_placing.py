"""How results get into documents of a real Krita, and what stays as it was."""

from __future__ import annotations

import base64
from typing import Final

import numpy as np
import pytest

from tests.end_to_end.krita_pictures import PictureInKrita, disc, encode, noise, plain

pytestmark = pytest.mark.editor

PAINT: Final = """
layer = document.topLevelNodes()[0]
layer.setPixelData(base64.b64decode(data), 0, 0, document.width(), document.height())
document.refreshProjection()
"""
GROUP: Final = ["Scumble: a tree", ["Seed 0", ["Seed 0"], "Seed 1", ["Seed 1"]], "Background"]


@pytest.mark.parametrize(
    ("depth", "kept", "sent"),
    [("U8", np.uint8, np.uint8), ("U16", np.uint16, np.uint16), ("F32", np.float32, np.uint16)],
)
@pytest.mark.parametrize(
    "rect", [(20, 10, 61, 47), (0, 0, 131, 97), (70, 50, 61, 47)], ids=["inside", "whole", "corner"]
)
def test_outside_the_mask_no_byte_changes(
    picture: PictureInKrita,
    depth: str,
    kept: type[np.generic],
    sent: type[np.generic],
    rect: tuple[int, int, int, int],
) -> None:
    picture.open(131, 97, "RGBA", depth)
    painted = noise(131, 97, np.uint16)
    as_kept = (painted / 65535).astype(kept) if depth == "F32" else painted.astype(kept)
    picture.krita.run(PAINT, data=encode(as_kept))
    before = picture.merged()
    mask = disc(rect[2], rect[3])
    assert picture.insert(rect, (noise(rect[2], rect[3], sent), mask)) == ""
    after = picture.merged()

    shape = 97, 131, 4
    changed = (
        np.frombuffer(before, kept).reshape(shape) != np.frombuffer(after, kept).reshape(shape)
    ).any(axis=2)
    inside = np.zeros((97, 131), bool)
    inside[rect[1] : rect[1] + rect[3], rect[0] : rect[0] + rect[2]] = mask > 0
    assert not changed[~inside].any()
    assert changed[inside].mean() > 0.9

    picture.undo()
    assert picture.merged() == before
    picture.redo()
    # Where it blends, Krita's arithmetic with floating point depends on how it cuts the work.
    again = np.frombuffer(picture.merged(), kept).reshape(shape)
    assert np.allclose(again, np.frombuffer(after, kept).reshape(shape), rtol=0, atol=1e-6)
    assert np.array_equal(again[~inside], np.frombuffer(before, kept).reshape(shape)[~inside])


def test_result_is_one_step_that_redo_brings_back_whole(picture: PictureInKrita) -> None:
    picture.open(200, 150)
    rect = (30, 20, 80, 60)
    mask = disc(80, 60)
    pixels = [noise(80, 60, np.uint8), noise(80, 60, np.uint8)[::-1]]
    before = picture.merged()
    assert picture.insert(rect, *((each, mask) for each in pixels)) == ""
    assert picture.ask("steps()") == [["Add Layer"], 1]
    for _ in range(2):
        assert picture.ask("tree(document.rootNode())") == GROUP
        nodes = "reversed(document.rootNode().childNodes()[1].childNodes())"
        found = picture.ask(
            "[[text(node.pixelData(*rect)), text(node.childNodes()[0].pixelData(*rect)), "
            f"node.visible()] for node in {nodes}]",
            rect=rect,
        )
        for (layer, layer_mask, is_visible), sent, number in zip(
            found, pixels, (0, 1), strict=True
        ):
            there = np.frombuffer(base64.b64decode(layer), np.uint8).reshape(60, 80, 4)
            assert np.array_equal(there[..., [2, 1, 0, 3]], sent)
            assert base64.b64decode(layer_mask) == mask.tobytes()
            assert is_visible == (number == 0)
        picture.undo()
        assert picture.ask("tree(document.rootNode())") == ["Background"]
        assert picture.merged() == before
        picture.redo()


def test_group_is_active_afterwards_and_undo_leaves_a_layer_active(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    assert picture.insert((8, 8, 16, 16), plain((8, 8, 16, 16), [255, 0, 0, 255])) == ""
    assert picture.ask("document.activeNode().name()") == "Scumble: a tree"
    picture.undo()
    picture.krita.wait_for(
        "result = document.activeNode() and document.activeNode().name() == 'Background'",
        "active layer",
    )


PLACES: Final = {
    "locked": (
        "layer = document.topLevelNodes()[0]\nlayer.setLocked(True)",
        "Background",
        ["Scumble: a tree", "Background"],
    ),
    "lower": (
        "upper = document.createNode('upper', 'paintlayer')\n"
        "document.rootNode().addChildNode(upper, None)",
        "Background",
        ["upper", "Scumble: a tree", "Background"],
    ),
    "group": (
        "group = document.createGroupLayer('group')\ndocument.rootNode().addChildNode(group, None)",
        "group",
        ["Scumble: a tree", "group", "Background"],
    ),
    "in-a-group": (
        "group = document.createGroupLayer('group')\n"
        "document.rootNode().addChildNode(group, None)\n"
        "inner = document.createNode('inner', 'paintlayer')\ngroup.addChildNode(inner, None)\n"
        "above = document.createNode('above', 'paintlayer')\ngroup.addChildNode(above, None)",
        "inner",
        ["group", ["above", "Scumble: a tree", "inner"], "Background"],
    ),
    "vector": (
        "vector = document.createVectorLayer('vector')\n"
        "document.rootNode().addChildNode(vector, None)",
        "vector",
        ["Scumble: a tree", "vector", "Background"],
    ),
    "clone": (
        "clone = document.createCloneLayer('clone', document.topLevelNodes()[0])\n"
        "document.rootNode().addChildNode(clone, None)",
        "clone",
        ["Scumble: a tree", "clone", "Background"],
    ),
    "fill": (
        "fill = document.createFillLayer('fill', 'color', InfoObject(), selected(0, 0, 9, 9))\n"
        "document.rootNode().addChildNode(fill, None)",
        "fill",
        ["Scumble: a tree", "fill", "Background"],
    ),
    "labelled": (
        "document.topLevelNodes()[0].setColorLabel(3)",
        "Background",
        ["Scumble: a tree", "Background"],
    ),
    "selected": (
        "document.setSelection(selected(3, 3, 30, 30))",
        "Background",
        ["Selection Mask", "Scumble: a tree", "Background"],
    ),
}


def outline(tree: list[object]) -> list[object]:
    """A tree of names without what is in the group of results."""
    return [
        outline(each) if isinstance(each, list) else each
        for before, each in zip([None, *tree], tree, strict=False)
        if not (isinstance(each, list) and before == "Scumble: a tree")
    ]


@pytest.mark.parametrize("kind", PLACES)
def test_result_goes_right_above_the_active_layer(picture: PictureInKrita, kind: str) -> None:
    code, active, expected = PLACES[kind]
    picture.open(64, 48)
    picture.krita.run(code)
    picture.krita.run(
        "document.waitForDone()\ndocument.setActiveNode(document.nodeByName(name))", name=active
    )
    picture.krita.wait_for(f"result = document.activeNode().name() == {active!r}", "active layer")
    steps = picture.ask("steps()[1]")
    assert picture.insert((8, 8, 16, 16), plain((8, 8, 16, 16), [255, 0, 0, 255])) == ""
    assert outline(picture.ask("tree(document.rootNode())")) == expected
    assert picture.ask("steps()[1]") == steps + 1
    assert picture.read((10, 10, 1, 1))[0, 0].tolist() == [255, 0, 0, 255]


def test_result_goes_above_the_layer_of_an_active_mask(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run("app.action('add_new_transparency_mask').trigger()")
    picture.krita.wait_for(
        "result = document.activeNode().type() == 'transparencymask'", "active mask"
    )
    assert picture.insert((8, 8, 16, 16), plain((8, 8, 16, 16), [255, 0, 0, 255])) == ""
    names = outline(picture.ask("tree(document.rootNode())"))
    assert names == ["Scumble: a tree", "Background", ["Transparency Mask 1"]]


def test_second_result_does_not_go_into_the_first(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    layer = plain((8, 8, 16, 16), [255, 0, 0, 255])
    assert picture.insert((8, 8, 16, 16), layer, name="first") == ""
    picture.krita.run("document.setActiveNode(document.nodeByName('Seed 0'))")
    picture.krita.wait_for("result = document.activeNode().name() == 'Seed 0'", "active layer")
    assert picture.insert((8, 8, 16, 16), layer, name="second") == ""
    names = picture.ask("[node.name() for node in document.topLevelNodes()]")
    assert names == ["Background", "first", "second"]


def test_result_lies_over_every_frame_of_an_animation(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run("app.action('add_blank_frame').trigger()")
    picture.krita.wait_for("result = document.topLevelNodes()[0].animated()", "animation")
    picture.krita.run("document.setCurrentTime(3)\ndocument.waitForDone()")
    assert picture.insert((8, 8, 16, 16), plain((8, 8, 16, 16), [255, 0, 0, 255])) == ""
    for time in (3, 0):
        picture.krita.run("document.setCurrentTime(time)\ndocument.waitForDone()", time=time)
        assert picture.read((10, 10, 1, 1))[0, 0].tolist() == [255, 0, 0, 255]


def test_large_result_is_placed_and_undone(picture: PictureInKrita) -> None:
    picture.open(4096, 4096)
    rect = "Rect(0, 0, 4096, 4096)"
    layer = (
        f"Layer('Seed 1', {rect}, Pixels(Size(4096, 4096), PixelFormat.RGBA8, "
        "bytes([9, 8, 7, 255]) * 2**24), Pixels(Size(4096, 4096), PixelFormat.GRAY8, "
        "bytes(2**23) + bytes([255]) * 2**23), True, '{}')"
    )
    assert picture.do(f"picture.insert(ResultGroup('large', ({layer},)))") == ""
    assert picture.ask("steps()") == [["Add Layer"], 1]
    halves = "bytes([255] * 4) * 2**23 + bytes([7, 8, 9, 255]) * 2**23"
    picture.krita.run("document.waitForDone()")
    assert picture.ask(f"bytes(document.pixelData(0, 0, 4096, 4096)) == {halves}")
    picture.undo()
    assert picture.ask("bytes(document.pixelData(0, 0, 4096, 4096)) == bytes([255] * 4) * 2**24")


def test_result_goes_into_its_document_though_another_is_in_front(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run("first = document")
    picture.open(80, 60)
    picture.krita.run(
        "second, document = document, first\npicture = KritaPicture(first, backstage)"
    )
    before = picture.ask("merged(second)")
    assert picture.insert((8, 8, 16, 16), plain((8, 8, 16, 16), [255, 0, 0, 255])) == ""
    assert outline(picture.ask("tree(first.rootNode())")) == ["Scumble: a tree", "Background"]
    assert picture.ask("tree(second.rootNode())") == ["Background"]
    assert picture.ask("merged(second)") == before
    assert picture.ask("app.activeDocument() == second")


def test_enlarged_picture_is_scaled_with_the_result_on_top(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run("document.setSelection(selected(3, 3, 30, 30))")
    group = "group_of(picture, rect, layers)"
    pixels = noise(128, 96, np.uint8)
    layers = [[encode(pixels), encode(np.full((96, 128), 255, np.uint8))]]
    done = picture.do(
        f"picture.enlarge(Size(128, 96), {group})", rect=[0, 0, 128, 96], layers=layers
    )
    assert done == ""
    assert picture.ask("[document.width(), document.height()]") == [128, 96]
    assert np.array_equal(picture.read((0, 0, 128, 96)), pixels)
    assert picture.ask("steps()[0]") == ["Scale Image", "Add Layer"]
    picture.undo()
    picture.undo()
    assert picture.ask("[document.width(), document.height()]") == [64, 48]


def test_expanded_canvas_keeps_layers_in_their_place(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run(PAINT, data=encode(noise(64, 48, np.uint8)))
    before = picture.read((0, 0, 64, 48))
    picture.krita.run("picture.expand(Margins(left=10, top=3, right=5, bottom=7))")
    assert picture.ask("[document.width(), document.height()]") == [79, 58]
    assert np.array_equal(picture.read((10, 3, 64, 48)), before)
    assert len(picture.ask("steps()[0]")) == 1
    picture.undo()
    assert np.array_equal(picture.read((0, 0, 64, 48)), before)
