"""Reading from and writing to images of every shape: layers, masks, groups, locks, selections."""

from __future__ import annotations

import pytest

from tests.end_to_end.gimp.desk import Desk

pytestmark = pytest.mark.editor

# What the plug-in reads of a picture, as one colour where it is one.
READING = """
from scumble_gimp._vendor.scumble_protocol.editor.canvas import Margins, Source
from scumble_gimp._vendor.scumble_protocol.geometry import Rect

RED, GREEN, BLUE = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)

def got(canvas, source="visible", rect=(0, 0, 40, 30)):
    pixels = canvas.read(Rect(*rect), Source(source))()
    assert [pixels.size.width, pixels.size.height] == list(rect[2:])
    colours = {pixels.data[i : i + 4] for i in range(0, len(pixels.data), 4)}
    return sorted(list(colour) for colour in colours)

def bounds(canvas):
    rect = canvas.selection()
    return [rect.x, rect.y, rect.width, rect.height]

image = Gimp.Image.new(40, 30, Gimp.ImageBaseType.RGB)
red = layer(image, 40, 30, colour(40, 30, *RED), name="red")
"""

SOURCES = """
green = layer(image, 10, 10, colour(10, 10, *GREEN), name="green")
green.set_offsets(5, 5)
result = {"visible": got(scumble(image)), "part": got(scumble(image), rect=(5, 5, 10, 10))}
result["layer"] = got(scumble(image, green), "active_layer")
result["layer inside"] = got(scumble(image, green), "active_layer", (6, 6, 3, 3))
green.add_mask(green.create_mask(Gimp.AddMaskType.BLACK))
result["masked away"] = got(scumble(image))
image.set_selected_layers([green])
green.set_edit_mask(True)
result["active"] = [type(d).__name__ for d in image.get_selected_drawables()]
result["its mask active"] = got(scumble(image), "active_layer", (6, 6, 3, 3))
green.set_edit_mask(False)
folder = Gimp.GroupLayer.new(image, "folder")
image.insert_layer(folder, None, 0)
blue = layer(image, 6, 6, colour(6, 6, *BLUE), name="blue")
image.reorder_item(blue, folder, 0)
result["group"] = got(scumble(image, folder), "active_layer", (0, 0, 6, 6))
blue.set_visible(False)
result["hidden layer"] = got(scumble(image))
result["several"] = sentence(lambda: got(scumble(image, red, green), "active_layer"))
result["none"] = sentence(lambda: got(scumble(image, *[]), "active_layer")) or "of the image"
channel = Gimp.Channel.new(image, "spots", 40, 30, 100.0, Gegl.Color.new("yellow"))
image.insert_channel(channel, None, 0)
channel.set_visible(True)
result["shown channel"] = got(scumble(image))
result["channel"] = sentence(lambda: got(scumble(image, channel), "active_layer"))
result["channel stays"] = channel.get_visible()
finish(scumble(image, red).insert(group(0, 0, 40, 30)))
before = image.is_dirty(), [l.get_visible() for l in image.get_layers()], len(Gimp.get_images())
result["with results"] = len(got(scumble(image))) > 1
result["without results"] = got(scumble(image), "without_results")
after = image.is_dirty(), [l.get_visible() for l in image.get_layers()], len(Gimp.get_images())
result["untouched"] = before == after
"""

SELECTIONS = """
result = {"none": bounds(scumble(image))}
result["none is white"] = set(scumble(image).read_mask(Rect(3, 4, 5, 6)).data) == {255}
select(image, 5, 6, 7, 8)
result["inside"] = bounds(scumble(image))
select(image, -10, -10, 15, 20)
result["beyond"] = bounds(scumble(image))
select(image, 300, 300, 10, 10)
result["off"] = bounds(scumble(image))
result["off is white"] = set(scumble(image).read_mask(Rect(0, 0, 40, 30)).data) == {255}
select(image, 5, 6, 7, 8)
Gimp.Selection.float(image, [red], 2, 2)
result["floating"] = sentence(scumble(image).selection)
result["floating read"] = sentence(lambda: got(scumble(image)))
Gimp.floating_sel_anchor(image.get_floating_sel())
image.convert_indexed(0, Gimp.ConvertPaletteType.GENERATE, 4, False, True, "")
result["indexed"] = sentence(scumble(image).selection)
result["indexed insert"] = sentence(lambda: finish(scumble(image).insert(group(0, 0, 20, 20))))
gone = scumble(image)
image.delete()
result["closed"] = sentence(gone.selection)
result["closed insert"] = sentence(lambda: finish(gone.insert(group(0, 0, 20, 20))))
result["is open"] = gone.is_open()
"""

PLACES = """
top = layer(image, 40, 30, colour(40, 30, *GREEN), name="top")
folder = Gimp.GroupLayer.new(image, "folder")
image.insert_layer(folder, None, 1)
inner = Gimp.GroupLayer.new(image, "inner")
image.insert_layer(inner, folder, 0)
deep = layer(image, 40, 30, colour(40, 30, *BLUE), name="deep")
image.reorder_item(deep, inner, 0)
result = {"before": tree(image.get_layers())}
finish(scumble(image, red).insert(group(0, 0, 30, 20, name="on red")))
finish(scumble(image, red).insert(group(0, 0, 30, 20, name="on red again")))
finish(scumble(image, deep).insert(group(0, 0, 30, 20, name="on deep")))
for item in (red, deep, folder, top):
    item.set_lock_content(True)
    item.set_lock_position(True)
    item.set_lock_visibility(True)
kept = [stored(item) for item in (red, deep, top)]
red.add_mask(red.create_mask(Gimp.AddMaskType.WHITE))
red.set_edit_mask(True)
image.set_selected_layers([red])
finish(scumble(image).insert(group(0, 0, 30, 20, name="on locked", count=3)))
result["after"] = tree(image.get_layers())
made = image.get_layers()[3]
result["locked kept"] = kept == [stored(item) for item in (red, deep, top)]
result["visible"] = [child.get_visible() for child in made.get_children()]
result["edits masks"] = [child.get_edit_mask() for child in made.get_children()]
result["selected"] = [item.get_name() for item in image.get_selected_layers()]
result["request"] = record(made)["prompt"]
masks = {text(stored(child.get_mask())) for child in made.get_children()}
wanted = group(0, 0, 30, 20).layers[0].mask.data
result["masks"] = masks == {text(wanted)}
channel = Gimp.Channel.new(image, "spots", 40, 30, 100.0, Gegl.Color.new("yellow"))
image.insert_channel(channel, None, 0)
image.set_selected_channels([channel])
result["layers active"] = len(image.get_selected_layers())
finish(scumble(image).insert(group(0, 0, 30, 20, name="on a channel")))
result["on top"] = tree(image.get_layers())[0]
large = scumble(image, red).insert(group(0, 0, 900, 1400))
result["portions"] = finish(large)
half = scumble(image, red).insert(group(0, 0, 900, 1400))
next(half)
count = len(image.get_layers())
image.delete()
result["closed in between"] = sentence(lambda: finish(half))
"""

EXPANDING = """
wide = layer(image, 60, 30, colour(60, 30, *GREEN), name="reaches beyond")
image.lower_item_to_bottom(wide)
canvas = scumble(image, red)
canvas.expand(Margins(left=2, top=3, right=10, bottom=0))
size = [image.get_width(), image.get_height(), image.is_dirty()]
result = {"planned": size}
result["to be"] = [got(canvas, rect=(42, 3, 10, 30)), got(canvas, rect=(2, 3, 40, 30))]
result["as it is"] = [canvas.bounds().width, got(canvas)]
canvas.expand(Margins(left=2, top=3, right=10, bottom=0))
result["added"] = got(canvas, rect=(0, 0, 2, 3))
other = scumble(image, red)
finish(other.insert(group(0, 0, 20, 20, canvas=(40, 30), name="of the old canvas")))
result["still"] = [image.get_width(), image.get_height()]
finish(other.insert(group(0, 0, 52, 33, canvas=(52, 33), name="of the new canvas")))
result["expanded"] = [image.get_width(), image.get_height()]
result["red at"] = list(red.get_offsets())[1:]
result["tree"] = tree(image.get_layers())
finish(other.insert(group(0, 0, 52, 33, canvas=(52, 33), name="once more")))
result["once"] = [image.get_width(), image.get_height()]
from scumble_gimp._vendor.scumble_protocol.geometry import Size
finish(other.enlarge(Size(104, 66), group(0, 0, 104, 66)))
result["enlarged"] = [image.get_width(), image.get_height(), tree(image.get_layers())[0]]
"""

GALLERY = """
canvas = scumble(image, red)
finish(canvas.insert(group(0, 0, 30, 20, name="old", count=2)))
finish(canvas.insert(group(10, 10, 30, 20, name="new", count=2)))
finish(canvas.insert(group(0, 22, 30, 8, name="apart")))
mine = canvas.variations()
names = lambda: [[v.name, v.is_visible] for v in canvas.variations()]
groups = lambda: [[g.get_name(), g.get_visible()] for g in image.get_layers()]
result = {"all": names()}
result["requests"] = [json.loads(v.request_json)["prompt"] for v in mine]
result["distinct"] = len({v.layer for v in mine}) == 5 and len({v.group for v in mine}) == 3
small = canvas.thumbnail(mine[0], 12)
result["thumbnail"] = [small.size.width, small.size.height, small.format.value, len(small.data)]
canvas.show(mine[2])
result["shown"] = names()
canvas.keep(mine[4])
result["kept"] = names(), groups()
image.remove_layer(image.get_layers()[0])
result["gone"] = [
    sentence(lambda: canvas.show(mine[0])),
    sentence(lambda: canvas.thumbnail(mine[0], 9)),
]
result["title"] = canvas.title()
result["unsaved key"] = canvas.key() == scumble(image).key() and canvas.key().startswith("gimp:")
file = Gio.File.new_for_path(xcf)
Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file, None)
again = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file)
reopened = scumble(again)
result["reopened"] = [[v.name, v.is_visible] for v in reopened.variations()]
result["key"] = reopened.key()
result["same"] = reopened.variations() == canvas.variations()
result["same picture"] = seen(again) == seen(image)
grey, base = picture(40, 30, base="GRAY")
finish(scumble(grey, base).insert(group(0, 0, 30, 20)))
small = scumble(grey).thumbnail(scumble(grey).variations()[0], 12)
result["grey thumbnail"] = [small.format.value, len(small.data) == 4 * small.size.pixels]
pixels = [small.data[i : i + 3] for i in range(0, len(small.data), 4)]
result["is grey"] = all(len(set(pixel)) == 1 for pixel in pixels)
"""

RED, GREEN, BLUE, CLEAR = [255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [0, 0, 0, 0]


def test_every_source_is_what_it_says(desk: Desk) -> None:
    told = desk.run(READING + SOURCES)
    assert told["visible"] == [GREEN, RED]
    assert told["part"] == [GREEN]
    assert told["layer"] == [CLEAR, GREEN]
    assert told["layer inside"] == [GREEN]
    assert told["masked away"] == [RED]
    assert told["active"] == ["LayerMask"]
    assert told["its mask active"] == [GREEN]
    assert told["group"] == [BLUE]
    assert told["hidden layer"] == [RED]
    assert told["several"].startswith("2 layers are selected")
    assert told["shown channel"] == [RED]
    assert told["channel"].startswith("A channel is active")
    assert told["channel stays"]
    assert told["with results"]
    assert told["without results"] == [RED]
    assert told["untouched"]


def test_selections_and_what_cannot_be_worked_on(desk: Desk) -> None:
    told = desk.run(READING + SELECTIONS)
    whole = [0, 0, 40, 30]
    assert told["none"] == told["off"] == whole
    assert told["none is white"]
    assert told["off is white"]
    assert told["inside"] == [5, 6, 7, 8]
    assert told["beyond"] == [0, 0, 5, 10]
    for case in ("floating", "floating read"):
        assert "floating selection" in told[case]
        assert "Layer ▸ Anchor Layer" in told[case]
    for case in ("indexed", "indexed insert"):
        assert "Image ▸ Mode ▸ RGB" in told[case]
    assert "not open any longer" in told["closed"]
    assert "was closed before" in told["closed insert"]
    assert told["is open"] is False


def test_results_go_above_what_is_active_whatever_is_locked(desk: Desk) -> None:
    told = desk.run(READING + PLACES)
    folder = ["folder", [["inner", ["deep"]]]]
    assert told["before"] == ["top", folder, "red"]
    after = told["after"]
    # GIMP numbers the names that are taken.
    assert after[1] == ["on deep", ["Seed 1 #2"]]
    assert [after[0], after[2], after[6]] == ["top", folder, "red"]
    assert [name for name, _ in after[3:6]] == ["on locked", "on red again", "on red"]
    assert [len(layers) for _, layers in after[3:6]] == [3, 1, 1]
    assert told["locked kept"]
    assert told["visible"] == [True, False, False]
    assert told["edits masks"] == [False, False, False]
    assert told["selected"] == after[3][1][:1]
    assert told["request"] == "on locked"
    assert told["masks"]
    assert told["layers active"] == 0
    assert told["on top"][0] == "on a channel"
    assert told["portions"] > 4
    assert "was closed before" in told["closed in between"]


def test_expanding_waits_for_the_result_and_shows_what_lies_beyond(desk: Desk) -> None:
    told = desk.run(READING + EXPANDING)
    assert told["planned"] == [40, 30, True]
    assert told["to be"] == [[GREEN], [RED]]
    assert told["as it is"] == [40, [RED]]
    assert told["added"] == [CLEAR]
    assert told["still"] == [40, 30]
    assert told["expanded"] == told["once"] == [52, 33]
    assert told["red at"] == [2, 3]
    assert [name for name, _ in told["tree"][:2]] == ["of the new canvas", "of the old canvas"]
    assert told["enlarged"][:2] == [104, 66]


def test_results_are_found_shown_kept_and_saved(desk: Desk) -> None:
    xcf = desk.gimp.work / "gallery.xcf"
    told = desk.run(READING + GALLERY, xcf=str(xcf))
    prompts = ["apart", "new", "new", "old", "old"]
    assert told["requests"] == prompts
    assert [is_visible for _, is_visible in told["all"]] == [True, True, False, True, False]
    assert told["distinct"]
    width, height, form, length = told["thumbnail"]
    assert max(width, height) == 12
    assert (form, length) == ("rgba8", width * height * 4)
    assert [is_visible for _, is_visible in told["shown"]] == [True, False, True, True, False]
    kept, groups = told["kept"]
    assert [is_visible for _, is_visible in kept] == [True, False, True, False, True]
    assert groups == [["apart", True], ["new", False], ["old", True], ["red", True]]
    for sentence in told["gone"]:
        assert "is not there any longer" in sentence
    assert told["unsaved key"]
    assert told["key"] == xcf.as_uri()
    assert told["reopened"] == kept[1:]
    assert told["same"]
    assert told["same picture"]
    assert told["grey thumbnail"] == ["rgba8", True]
    assert told["is grey"]
