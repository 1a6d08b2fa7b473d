"""Krita and both GIMPs open a layered file as it was written: tree, visibility and pixels."""

from __future__ import annotations

import base64
import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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

pytestmark = pytest.mark.editor

STACK = """\
<?xml version="1.0" encoding="UTF-8"?>
<image version="0.0.3" w="41" h="31">
 <stack>
  <stack name="Scumble: a red hat" opacity="1.0" visibility="visible">
   <layer name="Variation 1" src="data/1.png" x="7" y="5" opacity="0.5" visibility="visible"/>
   <layer name="Variation 2" src="data/2.png" x="7" y="5" opacity="1.0" visibility="hidden"/>
  </stack>
  <layer name="Picture" src="data/0.png" x="0" y="0" opacity="1.0" visibility="visible"/>
 </stack>
</image>
"""

KRITA_SHOWS = """
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
pixels = bytes(document.pixelData(0, 0, width, height))
result = {
    "kind": [document.colorModel(), document.colorDepth()],
    "tree": tree(document.rootNode()),
    "size": [height, width],
    "pixels": base64.b64encode(pixels).decode(),
}
document.setModified(False)
document.close()
"""

GIMP_SHOWS = """
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


def png(pixels: Pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


def write_openraster(file: Path) -> None:
    """A file of odd size, with a group, a layer half seen and one not seen at all."""
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (31, 41, 4), dtype=np.uint8)
    picture[..., 3] = 255
    first, second = rng.integers(0, 256, (2, 13, 17, 4), dtype=np.uint8)
    alpha = first[..., 3:] / 255 * 0.5
    merged = picture.astype(float)
    area = merged[5:18, 7:24, :3]
    area[:] = first[..., :3] * alpha + area * (1 - alpha)
    seen: Pixels = np.rint(merged).astype(np.uint8)
    files = {
        "stack.xml": STACK.encode(),
        "data/0.png": png(picture),
        "data/1.png": png(first),
        "data/2.png": png(second),
        "mergedimage.png": png(seen),
        "Thumbnails/thumbnail.png": png(seen),
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        # The format wants the type first and uncompressed.
        archive.writestr("mimetype", "image/openraster", zipfile.ZIP_STORED)
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.fixture(scope="session")
def layered_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("layered") / "layered.ora"
    write_openraster(file)
    return file


def pixels_of(size: list[int], encoded: str) -> Pixels:
    return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(*size, 4)


def shown_by_krita(krita: Krita, file: Path) -> Layered:
    shown = krita.run(KRITA_SHOWS, file=str(file))
    assert shown["kind"] == ["RGBA", "U8"]
    # Krita keeps 8-bit pixels as blue, green, red, alpha.
    pixels = pixels_of(shown["size"], shown["pixels"])[..., [2, 1, 0, 3]]
    return Layered(tree_of(shown["tree"]), pixels)


def shown_by_gimp(gimp: Gimp, file: Path) -> Layered:
    there = gimp.work / file.name
    shutil.copy(file, there)
    shown = gimp.run(GIMP_SHOWS, file=str(there))
    return Layered(tree_of(shown["tree"]), pixels_of(shown["size"], shown["pixels"]))


def test_krita_opens_what_was_written(krita: Krita, layered_file: Path) -> None:
    written, shown = read_openraster(layered_file), shown_by_krita(krita, layered_file)
    assert_same_tree(shown.nodes, written.nodes)
    assert_same_picture(shown.merged, written.merged)


def test_merged_picture_is_that_of_the_layers(layered_file: Path) -> None:
    written = read_openraster(layered_file)
    assert_same_picture(composite(layered_file, in_light=False), written.merged, tolerance=1)


def test_gimp_opens_what_was_written(gimp: Gimp, layered_file: Path) -> None:
    written, shown = read_openraster(layered_file), shown_by_gimp(gimp, layered_file)
    assert_same_tree(shown.nodes, written.nodes)
    assert_same_picture(shown.merged, composite(layered_file, in_light=True))
