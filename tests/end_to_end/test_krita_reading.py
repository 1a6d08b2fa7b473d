"""What the plugin reads out of documents of a real Krita."""

from __future__ import annotations

import base64
from typing import Final

import numpy as np
import pytest

from tests.end_to_end.editors.processes import wait_for
from tests.end_to_end.krita_pictures import PictureInKrita, encode, noise
from tests.timing import MS

pytestmark = pytest.mark.editor

PAINT: Final = """
layer = document.topLevelNodes()[0]
layer.setPixelData(base64.b64decode(data), 0, 0, document.width(), document.height())
document.refreshProjection()
"""
RED_AND_GREEN: Final = """
background = document.topLevelNodes()[0]
background.setPixelData(bytes([0, 0, 255, 255]) * 64 * 48, 0, 0, 64, 48)
green = document.createNode("green", "paintlayer")
green.setPixelData(bytes([0, 255, 0, 255]) * 64 * 48, 0, 0, 64, 48)
document.rootNode().addChildNode(green, None)
document.refreshProjection()
"""
RED: Final = [255, 0, 0, 255]
GREEN: Final = [0, 255, 0, 255]
BLUE: Final = [0, 0, 255, 255]
WHITE: Final = [255, 255, 255, 255]
BLACK: Final = [0, 0, 0, 255]


def selection_of(picture: PictureInKrita) -> list[int] | None:
    rect = "(rect := picture.selection()) and [rect.x, rect.y, rect.width, rect.height]"
    found: list[int] | None = picture.ask(rect)
    return found


def pixel(picture: PictureInKrita, source: str = "VISIBLE", at: tuple[int, int] = (5, 5)) -> object:
    return picture.read((*at, 1, 1), source)[0, 0].tolist()


@pytest.mark.parametrize(("depth", "dtype"), [("U8", np.uint8), ("U16", np.uint16)])
def test_pixels_in_srgb_are_read_as_they_are(
    picture: PictureInKrita, depth: str, dtype: type[np.generic]
) -> None:
    picture.open(61, 47, "RGBA", depth, "sRGB-elle-V2-srgbtrc.icc")
    painted = noise(61, 47, dtype)
    painted[..., 3] = painted[..., 0]
    picture.krita.run(PAINT, data=encode(painted[..., [2, 1, 0, 3]]))
    read = picture.read((3, 5, 50, 41))
    assert np.array_equal(read, painted[5:46, 3:53])


def test_large_canvas_is_read_whole(picture: PictureInKrita) -> None:
    picture.open(4096, 4096)
    picture.krita.run("document.topLevelNodes()[0].setPixelData(bytes(4 * 64), 4032, 4095, 64, 1)")
    picture.krita.run("document.refreshProjection()")
    same = "picture.read(Rect(0, 0, 4096, 4096), Source.VISIBLE)().data"
    assert picture.ask(f"{same} == bytes([255] * 4) * (4096 * 4096 - 64) + bytes(4 * 64)")


def test_no_selection_means_the_whole_canvas(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    assert selection_of(picture) == [0, 0, 64, 48]
    assert picture.ask("picture.read_mask(Rect(1, 2, 3, 4)).data == bytes([255]) * 12")


@pytest.mark.parametrize(
    ("rect", "found"),
    [
        ([10, 12, 20, 16], [10, 12, 20, 16]),
        ([-10, -20, 30, 40], [0, 0, 20, 20]),
        ([50, 40, 100, 100], [50, 40, 14, 8]),
        ([200, 200, 10, 10], None),
        ([0, 0, 0, 0], None),
    ],
    ids=["inside", "over-the-corner", "over-the-other", "beside", "empty"],
)
def test_selection_is_clipped_to_the_canvas(
    picture: PictureInKrita, rect: list[int], found: list[int] | None
) -> None:
    picture.open(64, 48)
    picture.krita.run("document.setSelection(selected(*rect))", rect=rect)
    assert selection_of(picture) == found


def test_feathered_selection_is_read_with_its_soft_edge(picture: PictureInKrita) -> None:
    picture.open(200, 150)
    picture.krita.run("document.setSelection(selected(60, 50, 80, 50, feather=20))")
    x, y, width, height = selection_of(picture) or []
    assert x < 60
    assert width > 80
    rect = [x - 3, y - 2, width + 8, height + 4]
    mask = base64.b64decode(picture.ask("text(picture.read_mask(Rect(*rect)).data)", rect=rect))
    krita = base64.b64decode(picture.ask("text(document.selection().pixelData(*rect))", rect=rect))
    assert mask == krita
    assert len(set(mask)) > 50
    assert mask[0] == 0


def test_selection_beyond_the_canvas_keeps_its_edge_inside(picture: PictureInKrita) -> None:
    picture.open(100, 80)
    picture.krita.run("document.setSelection(selected(-40, 20, 80, 40, feather=10))")
    assert (selection_of(picture) or [])[0] == 0
    mask = base64.b64decode(picture.ask("text(picture.read_mask(Rect(0, 40, 100, 1)).data)"))
    assert mask[0] == 255
    assert 100 < mask[40] < 156
    assert mask[-1] == 0


def test_active_layer_is_read_alone(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run(RED_AND_GREEN)
    assert pixel(picture) == GREEN
    picture.krita.run("document.setActiveNode(background)")
    picture.krita.wait_for("result = document.activeNode().name() == 'Background'", "active layer")
    assert pixel(picture, "ACTIVE_LAYER") == RED
    picture.krita.run("background.setVisible(False)")
    assert pixel(picture, "ACTIVE_LAYER") == RED


KINDS: Final = {
    "group": (
        "made = document.createGroupLayer('made')\n"
        "inner = document.createNode('inner', 'paintlayer')\n"
        "inner.setPixelData(bytes([255, 0, 0, 255]) * 64 * 48, 0, 0, 64, 48)\n"
        "document.rootNode().addChildNode(made, None)\n"
        "made.addChildNode(inner, None)",
        BLUE,
    ),
    "vector": (
        "made = document.createVectorLayer('made')\n"
        "document.rootNode().addChildNode(made, None)\n"
        """made.addShapesFromSvg('<svg xmlns="http://www.w3.org/2000/svg" width="300" """
        """height="300"><rect width="300" height="300" fill="#0000ff"/></svg>')""",
        BLUE,
    ),
    "clone": (
        "made = document.createCloneLayer('made', background)\n"
        "document.rootNode().addChildNode(made, None)",
        RED,
    ),
    "fill": (
        "made = document.createFillLayer('made', 'color', InfoObject(), selected(0, 0, 64, 48))\n"
        "document.rootNode().addChildNode(made, None)",
        BLACK,
    ),
    "filter": (
        "made = document.createFilterLayer('made', app.filter('invert'), selected(0, 0, 64, 48))\n"
        "document.rootNode().addChildNode(made, None)",
        [255, 0, 255, 255],
    ),
    "moved": (
        "made = document.createNode('made', 'paintlayer')\n"
        "made.setPixelData(bytes([255, 0, 0, 255]) * 64 * 48, -200, -200, 64, 48)\n"
        "document.rootNode().addChildNode(made, None)\n"
        "made.move(200, 200)",
        BLUE,
    ),
    "locked": (
        "made = document.createNode('made', 'paintlayer')\n"
        "made.setPixelData(bytes([255, 0, 0, 255]) * 64 * 48, 0, 0, 64, 48)\n"
        "document.rootNode().addChildNode(made, None)\n"
        "made.setLocked(True)",
        BLUE,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_active_layer_of_any_kind_is_read_as_it_looks(picture: PictureInKrita, kind: str) -> None:
    code, colour = KINDS[kind]
    picture.open(64, 48)
    picture.krita.run(RED_AND_GREEN)
    picture.krita.run(code)
    picture.krita.run("document.refreshProjection()\ndocument.setActiveNode(made)")
    picture.krita.wait_for("result = document.activeNode().name() == 'made'", "active layer")
    # Krita draws vectors and fills a while after they were made.
    wait_for(lambda: pixel(picture) == colour, 10_000 * MS, "drawn layer")
    assert pixel(picture, "ACTIVE_LAYER") == colour


def test_mask_that_is_active_stands_for_its_layer(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run(RED_AND_GREEN)
    picture.krita.run("document.setActiveNode(background)")
    picture.krita.wait_for("result = document.activeNode().name() == 'Background'", "active layer")
    picture.krita.run("app.action('add_new_transparency_mask').trigger()")
    picture.krita.wait_for(
        "result = document.activeNode().type() == 'transparencymask'", "active mask"
    )
    assert pixel(picture, "ACTIVE_LAYER") == RED


def test_animated_layer_is_read_at_the_present_frame(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    frame = "app.action('add_blank_frame').trigger()"
    fill = "document.topLevelNodes()[0].setPixelData(bytes(colour) * 64 * 48, 0, 0, 64, 48)"
    picture.krita.run(frame)
    picture.krita.wait_for("result = document.topLevelNodes()[0].animated()", "animation")
    picture.krita.run(fill, colour=[0, 0, 255, 255])
    picture.krita.run("document.setCurrentTime(4)\ndocument.waitForDone()")
    picture.krita.run(frame)
    picture.krita.wait_for(
        "result = document.topLevelNodes()[0].hasKeyframeAtTime(4)", "second frame"
    )
    picture.krita.run(fill, colour=[0, 255, 0, 255])
    picture.krita.run("document.refreshProjection()")
    for source in ("VISIBLE", "ACTIVE_LAYER", "WITHOUT_RESULTS"):
        assert pixel(picture, source) == GREEN
    picture.krita.run("document.setCurrentTime(0)\ndocument.waitForDone()")
    for source in ("VISIBLE", "ACTIVE_LAYER", "WITHOUT_RESULTS"):
        assert pixel(picture, source) == RED


def test_reading_without_results_changes_nothing(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    picture.krita.run(RED_AND_GREEN)
    blue = np.full((16, 16, 4), BLUE, np.uint8), np.full((16, 16), 255, np.uint8)
    for number in range(2):
        assert picture.insert((4 + 8 * number, 4, 16, 16), blue) == ""
    picture.krita.run("document.waitForDone()\ndocument.setModified(False)")
    before = picture.merged(), picture.ask("steps()"), picture.ask("tree(document.rootNode())")
    everything = picture.read((0, 0, 64, 48), "WITHOUT_RESULTS")
    assert (everything == GREEN).all()
    after = picture.merged(), picture.ask("steps()"), picture.ask("tree(document.rootNode())")
    assert after == before
    assert not picture.ask("document.modified()")
    assert picture.ask("len(app.documents())") == 1
    assert pixel(picture) == BLUE


def test_snapshot_is_of_the_moment_when_it_was_made(picture: PictureInKrita) -> None:
    picture.open(64, 48, "CMYKA", "U8")
    picture.krita.run("snapshot = picture.read(Rect(5, 5, 1, 1), Source.VISIBLE)")
    picture.krita.run("document.topLevelNodes()[0].setPixelData(bytes(5), 5, 5, 1, 1)")
    picture.krita.run("document.refreshProjection()")
    data = "from threading import Thread\nthread = Thread(target=lambda: got.append(snapshot()))"
    picture.krita.run(f"got = []\n{data}\nthread.start()")
    picture.krita.wait_for("result = bool(got)", "pixels on another thread")
    assert picture.ask("list(got[0].data)") == WHITE
