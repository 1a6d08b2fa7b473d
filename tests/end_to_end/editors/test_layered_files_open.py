"""Krita and both GIMPs open a layered file as it was written: tree, visibility and pixels."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from tests.end_to_end.editors.gimp import Gimp
from tests.end_to_end.editors.krita import Krita
from tests.end_to_end.editors.layered import (
    Layered,
    Pixels,
    assert_same_picture,
    assert_same_tree,
    composite,
    read_openraster,
    tree_of,
)
from tests.end_to_end.editors.layered_files import write_by_the_book, write_by_the_command_line

WRITERS: Final[dict[str, Callable[[Path], None]]] = {
    "by-the-book": write_by_the_book,
    "8-bits": partial(write_by_the_command_line, bits=8),
    "16-bits": partial(write_by_the_command_line, bits=16),
}

KRITA_SHOWS: Final = """
import base64

def tree(node):
    return [
        {
            "name": child.name(),
            "visible": child.visible(),
            "opacity": child.opacity() / 255,
            "layers": tree(child) if child.type() == "grouplayer" else None,
        }
        for child in reversed(node.childNodes())
    ]

document = app.openDocument(file)
document.waitForDone()
width, height = document.width(), document.height()
# Blue, green, red, alpha; eight bits and sRGB, whatever the document has.
image = document.projection(0, 0, width, height)
bits = image.constBits()
bits.setsize(width * height * 4)
result = {
    "depth": document.colorDepth(),
    "tree": tree(document.rootNode()),
    "size": [height, width],
    "pixels": base64.b64encode(bytes(bits)).decode(),
}
document.setModified(False)
document.close()
"""

GIMP_SHOWS: Final = """
import base64

def tree(items):
    return [
        {
            "name": item.get_name(),
            "visible": item.get_visible(),
            "opacity": item.get_opacity() / 100,
            "layers": tree(item.get_children()) if item.is_group() else None,
        }
        for item in items
    ]

image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(file))
width, height = image.get_width(), image.get_height()
seen = Gimp.Layer.new_from_visible(image, image, "seen")
area = Gegl.Rectangle.new(0, 0, width, height)
pixels = seen.get_buffer().get(area, 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE)
result = {
    "tree": tree(image.get_layers()),
    "size": [height, width],
    "pixels": base64.b64encode(bytes(pixels)).decode(),
}
"""


@pytest.fixture(scope="session", params=WRITERS)
def layered_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name: str = request.param
    file = tmp_path_factory.mktemp("layered") / f"{name}.ora"
    WRITERS[name](file)
    return file


def pixels_of(size: list[int], encoded: str) -> Pixels:
    return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(*size, 4)


def shown_by_krita(krita: Krita, file: Path) -> Layered:
    shown = krita.run(KRITA_SHOWS, file=str(file))
    pixels = pixels_of(shown["size"], shown["pixels"])[..., [2, 1, 0, 3]]
    return Layered(tree_of(shown["tree"]), pixels)


def shown_by_gimp(gimp: Gimp, file: Path) -> Layered:
    there = gimp.work / file.name
    shutil.copy(file, there)
    shown = gimp.run(GIMP_SHOWS, file=str(there))
    return Layered(tree_of(shown["tree"]), pixels_of(shown["size"], shown["pixels"]))


def test_merged_picture_is_that_of_the_layers(layered_file: Path) -> None:
    written = read_openraster(layered_file)
    assert_same_picture(composite(layered_file, in_light=False), written.merged, tolerance=1)


@pytest.mark.editor
def test_krita_opens_what_was_written(krita: Krita, layered_file: Path) -> None:
    written, shown = read_openraster(layered_file), shown_by_krita(krita, layered_file)
    assert_same_tree(shown.nodes, written.nodes)
    assert_same_picture(shown.merged, written.merged)


@pytest.mark.editor
def test_gimp_opens_what_was_written(gimp: Gimp, layered_file: Path) -> None:
    written, shown = read_openraster(layered_file), shown_by_gimp(gimp, layered_file)
    assert_same_tree(shown.nodes, written.nodes)
    assert_same_picture(shown.merged, composite(layered_file, in_light=True))
