"""The results that are in a document of a real Krita: known again, shown, kept, pictured."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.krita_pictures import PictureInKrita, disc, plain

pytestmark = pytest.mark.editor


def test_results_are_known_again_in_a_saved_document(
    picture: PictureInKrita, tmp_path: Path
) -> None:
    picture.open(64, 48)
    layers = [plain((8, 8, 16, 16), [255, 0, 0, 255]), plain((8, 8, 16, 16), [0, 255, 0, 255])]
    assert picture.insert((8, 8, 16, 16), *layers, name="first") == ""
    assert picture.insert((8, 8, 16, 16), *layers[:1], name="second") == ""
    told = (
        "[[one.group, one.layer, one.name, one.is_visible, one.request_json] "
        "for one in picture.variations()]"
    )
    before = picture.ask(told)
    assert [one[2:4] for one in before] == [["Seed 0", True], ["Seed 0", True], ["Seed 1", False]]
    assert json.loads(before[2][4]) == {"kind": "regenerate", "prompt": "ä tree", "seed": 1}
    file = str(tmp_path / "saved.kra")
    picture.krita.run(
        "document.setBatchmode(True)\ndocument.waitForDone()\nresult = document.saveAs(file)",
        file=file,
    )
    picture.close()
    picture.krita.run(
        "document = app.openDocument(file)\napp.activeWindow().addView(document)", file=file
    )
    picture.krita.wait_for("result = document.activeNode() is not None", "active layer")
    picture.krita.run("picture = KritaPicture(document, backstage)")
    assert picture.ask(told) == before
    assert picture.ask("[picture.key(), picture.title()]") == [file, "saved.kra"]
    picture.krita.run("picture.show(picture.variations()[2])")
    picture.krita.run("picture.keep(picture.variations()[2])")
    assert picture.read((10, 10, 1, 1))[0, 0].tolist() == [0, 255, 0, 255]
    assert picture.ask("steps()") == [[], 0]


def test_shown_and_kept_variations_make_no_step(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    red, green, blue = ([255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255])
    rect = (8, 8, 16, 16)
    assert picture.insert(rect, plain(rect, red), plain(rect, green), name="first") == ""
    assert picture.insert((40, 8, 16, 16), plain(rect, blue), name="beside") == ""
    assert picture.insert(rect, plain(rect, blue), name="over") == ""
    steps = picture.ask("steps()")
    assert picture.ask("[one.name for one in picture.variations()]") == [
        "Seed 0",
        "Seed 0",
        "Seed 0",
        "Seed 1",
    ]
    assert picture.read((10, 10, 1, 1))[0, 0].tolist() == blue
    picture.krita.run("picture.keep(picture.variations()[3])")
    assert picture.read((10, 10, 1, 1))[0, 0].tolist() == green
    assert picture.read((42, 10, 1, 1))[0, 0].tolist() == blue
    picture.krita.run("picture.show(picture.variations()[2])")
    assert picture.read((10, 10, 1, 1))[0, 0].tolist() == red
    assert picture.ask("steps()") == steps
    picture.krita.run("gone = picture.variations()[0]")
    picture.undo()
    for call in ("show(gone)", "keep(gone)", "thumbnail(gone, 64)"):
        assert "is not in the picture any more" in picture.ask(f"refusal(lambda: picture.{call})")


def test_what_the_painter_puts_into_a_group_is_no_variation(picture: PictureInKrita) -> None:
    picture.open(64, 48)
    rect = (8, 8, 16, 16)
    assert picture.insert(rect, plain(rect, [255, 0, 0, 255])) == ""
    picture.krita.run(
        "own = document.createNode('own', 'paintlayer')\n"
        "own.setPixelData(bytes([255, 0, 0, 255]) * 9, 40, 30, 3, 3)\n"
        "group = document.nodeByName('Scumble: a tree')\n"
        "group.addChildNode(own, None)\n"
        "document.rootNode().addChildNode(group.duplicate(), group)\n"
        "document.setAnnotation('scumble/other', 'of another program', b'not JSON')"
    )
    assert picture.ask("[one.name for one in picture.variations()]") == ["Seed 0"]
    picture.krita.run("picture.show(picture.variations()[0])")
    assert picture.ask("own.visible()")
    assert picture.read((40, 30, 1, 1))[0, 0].tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize("space", [("RGBA", "U8"), ("RGBA", "F32"), ("CMYKA", "U8")], ids="-".join)
def test_thumbnail_looks_like_the_layer(picture: PictureInKrita, space: tuple[str, str]) -> None:
    picture.open(700, 500, *space)
    rect = (60, 40, 600, 400)
    is_deep = picture.ask("picture.depth().value") == "rgba16"
    y, x = np.mgrid[:400, :600]
    pixels = np.stack(
        [90 + x // 8, 90 + y // 6, np.full_like(x, 120), np.full_like(x, 255)], axis=2
    )
    sent = pixels.astype(np.uint16) * 257 if is_deep else pixels.astype(np.uint8)
    assert picture.insert(rect, (sent, disc(600, 400))) == ""
    picture.krita.run("thumbnail = picture.thumbnail(picture.variations()[0], 96)")
    assert picture.ask("[thumbnail.size.width, thumbnail.size.height]") == [96, 64]
    small = np.frombuffer(base64.b64decode(picture.ask("text(thumbnail.data)")), np.uint8).reshape(
        64, 96, 4
    )
    rows, columns = np.linspace(0, 399, 64).astype(int), np.linspace(0, 599, 96).astype(int)
    expected = pixels[np.ix_(rows, columns)]
    assert np.abs(small.astype(int) - expected).max() <= (20 if space[0] == "CMYKA" else 9)
