"""Layers by themselves, as controls, references and regions are read from them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.end_to_end.gimp.desk import Desk, samples

pytestmark = pytest.mark.editor

LOOKING = """
from scumble_gimp._vendor.scumble_protocol.editor.canvas import Margins
from scumble_gimp._vendor.scumble_protocol.geometry import Rect

RED, GREEN, BLUE = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)

def listed(canvas):
    return [
        [each.name, each.bounds and [
            each.bounds.x, each.bounds.y, each.bounds.width, each.bounds.height
        ], each.is_group]
        for each in canvas.layers()
    ]

def known(canvas):
    return {each.name: each for each in canvas.layers()}

def alone(canvas, name, rect=(0, 0, 40, 30)):
    pixels = canvas.read_layer(known(canvas)[name].id, Rect(*rect))()
    assert [pixels.size.width, pixels.size.height] == list(rect[2:])
    assert pixels.format is canvas.depth()
    step = pixels.format.bytes_per_pixel
    return sorted({tuple(pixels.data[i : i + step]) for i in range(0, len(pixels.data), step)})
"""

TREE = """
image = Gimp.Image.new(40, 30, Gimp.ImageBaseType.RGB)
red = layer(image, 40, 30, colour(40, 30, *RED), name="red")
far = layer(image, 5, 5, colour(5, 5, *GREEN), name="far")
far.set_offsets(100, 5)
edge = layer(image, 10, 10, colour(10, 10, *GREEN), name="edge")
edge.set_offsets(-6, 25)
large = layer(image, 80, 90, colour(80, 90, *BLUE), name="large")
large.set_offsets(-20, -30)
folder = Gimp.GroupLayer.new(image, "folder")
image.insert_layer(folder, None, 1)
inner = Gimp.GroupLayer.new(image, "inner")
image.insert_layer(inner, folder, 0)
blue = layer(image, 6, 6, colour(6, 6, *BLUE), name="blue")
image.reorder_item(blue, inner, 0)
blue.set_offsets(2, 3)
empty = Gimp.GroupLayer.new(image, "empty")
image.insert_layer(empty, None, 0)
canvas = scumble(image)
before = [image.is_dirty(), len(Gimp.get_images()), tree(image.get_layers())]
result = {"listed": listed(canvas)}
names = {each.id: each.name for each in canvas.layers()}
result["groups"] = {each.name: names.get(each.group, "") for each in canvas.layers()}
result["distinct"] = len(names) == 8
result["red"] = alone(canvas, "red")
result["far"] = alone(canvas, "far")
result["edge"] = [alone(canvas, "edge"), alone(canvas, "edge", (0, 25, 4, 5))]
result["large"] = alone(canvas, "large", (39, 29, 1, 1))
result["group"] = [alone(canvas, "folder"), alone(canvas, "folder", (2, 3, 6, 6))]
result["empty"] = alone(canvas, "empty")
for each in (red, folder):
    each.set_visible(False)
result["hidden"] = [alone(canvas, "red"), alone(canvas, "folder", (2, 3, 6, 6))]
result["untouched"] = before == [image.is_dirty(), len(Gimp.get_images()), tree(image.get_layers())]
kept = known(canvas)["blue"].id
image.reorder_item(blue, None, 0)
blue.set_name("renamed")
canvas.expand(Margins(left=20, top=30, right=40, bottom=0))
result["to be"] = [known(canvas)["red"].bounds == Rect(20, 30, 40, 30), listed(canvas)[-2][1]]
places = (20, 30, 40, 30), (0, 0, 20, 30)
result["read to be"] = [alone(canvas, "red", place) for place in places]
result["as it is"] = [canvas.bounds().width, known(canvas)["red"].bounds == Rect(0, 0, 40, 30)]
result["same id"] = known(canvas)["renamed"].id == kept
image.remove_layer(blue)
result["gone"] = [
    sentence(lambda: canvas.read_layer(kept, Rect(0, 0, 4, 4))),
    sentence(lambda: canvas.read_layer("of another editor", Rect(0, 0, 4, 4))),
]
"""

MASKS = """
image = Gimp.Image.new_with_precision(
    400, 300, Gimp.ImageBaseType.RGB, getattr(Gimp.Precision, precision)
)
made = noise(image, 400, 300)
made.set_offsets(7, 5)
mask = made.create_mask(Gimp.AddMaskType.BLACK)
made.add_mask(mask)
ramp = bytes(x * 255 // 399 for x in range(400)) * 200 + bytes([255]) * (400 * 100)
buffer = mask.get_buffer()
buffer.set(Gegl.Rectangle.new(0, 0, 400, 300), GREY8, ramp)
buffer.flush()
canvas = scumble(image)
only = canvas.layers()[0].id
seen_whole = canvas.read_layer(only, Rect(0, 0, 400, 300))()
made.set_apply_mask(False)
ignored = canvas.read_layer(only, Rect(0, 0, 400, 300))()
result = {
    "format": seen_whole.format.value,
    "masked": text(seen_whole.data),
    "ignored": text(ignored.data),
    "mask": text(ramp),
    "plain": text(read(made, RGBA8, -7, -5, 400, 300)),
}
"""


def test_layers_are_listed_from_top_to_bottom_and_read_alone(desk: Desk) -> None:
    told = desk.run(LOOKING + TREE)
    assert told["listed"] == [
        ["empty", None, True],
        ["large", [0, 0, 40, 30], False],
        ["folder", [2, 3, 6, 6], True],
        ["inner", [2, 3, 6, 6], True],
        ["blue", [2, 3, 6, 6], False],
        ["edge", [0, 25, 4, 5], False],
        ["far", None, False],
        ["red", [0, 0, 40, 30], False],
    ]
    inside = {"inner": "folder", "blue": "inner"}
    assert told["groups"] == {name: inside.get(name, "") for name, _, _ in told["listed"]}
    assert told["distinct"]
    clear, red, green, blue = [0] * 4, [255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]
    assert told["red"] == [red]
    assert told["far"] == told["empty"] == [clear]
    assert told["edge"] == [[clear, green], [green]]
    assert told["large"] == [blue]
    assert told["group"] == [[clear, blue], [blue]]
    assert told["hidden"] == [[red], [blue]]
    assert told["untouched"]
    assert told["to be"] == [True, None]
    assert told["read to be"] == [[red], [clear]]
    assert told["as it is"] == [40, True]
    assert told["same id"]
    for sentence in told["gone"]:
        assert "is not there any longer" in sentence


@pytest.mark.parametrize(
    "precision", ["U8_NON_LINEAR", "U8_LINEAR", "U16_NON_LINEAR", "HALF_LINEAR"]
)
def test_a_layer_is_read_as_its_mask_shows_it_in_every_precision(
    desk: Desk, precision: str
) -> None:
    told = desk.run(LOOKING + MASKS, precision=precision)
    assert told["format"] == ("rgba8" if precision.startswith("U8") else "rgba16")
    kind = np.dtype(np.uint8 if told["format"] == "rgba8" else np.uint16)
    masked, ignored = (
        samples(told[name]).view(kind).reshape(-1, 4) for name in ("masked", "ignored")
    )
    mask = np.roll(samples(told["mask"]).reshape(300, 400), (5, 7), (0, 1)).astype(np.int64)
    mask[:5], mask[:, :7] = 0, 0
    assert (masked[:, :3] == ignored[:, :3]).all()
    assert (masked[:, 3] == (ignored[:, 3] * mask.reshape(-1) + 127) // 255).all()
    plain = samples(told["plain"]).reshape(-1, 4)
    shift = 1 if told["format"] == "rgba8" else 257
    tolerance = 2 if precision == "U8_LINEAR" else 0
    assert np.abs((ignored.astype(np.int64) + shift // 2) // shift - plain).max() <= tolerance
