"""Nothing outside of the mask changes, at any depth, and the server sees what is selected."""

from __future__ import annotations

import pytest

from scumble_protocol.blobs import blob_id
from tests.end_to_end.gimp.desk import Desk, by_pixel, samples
from tests.end_to_end.server_process import ServerProcess

pytestmark = pytest.mark.editor

PRECISIONS = tuple(
    f"{depth}_{encoding}"
    for depth in ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
    for encoding in ("LINEAR", "NON_LINEAR", "PERCEPTUAL")
    # GIMP mixes in floats, which can't hold all of these; any layer changes their last bits.
    if (depth, encoding) != ("U32", "NON_LINEAR")
)

REGENERATE = """
def regenerate(image, base, **values):
    before, untouched = seen(image), stored(base)
    answer = call("regenerate", image, [base], prompt="grass", steps=2, strength=1.0, **values)
    group = image.get_layers()[0]
    made = group.get_children()[0]
    return {
        "answer": answer,
        "before": text(before),
        "after": text(seen(image)),
        "mask": text(mask_on_canvas(image, made)),
        "is_base_untouched": stored(base) == untouched,
        "format": record(group)["image"]["format"],
    }
"""

INSERT_IN_EVERY_PRECISION = """
result = {}
for precision in precisions:
    image, base = picture(101, 83, precision=precision)
    before, untouched = seen(image), stored(base)
    finish(scumble(image, base).insert(group(20, 15, 60, 50, deep=precision[:2] != "U8")))
    made = image.get_layers()[0].get_children()[0]
    result[precision] = {
        "before": text(before),
        "after": text(seen(image)),
        "mask": text(mask_on_canvas(image, made)),
        "is_base_untouched": stored(base) == untouched,
        "format": scumble(image).depth().value,
    }
    image.delete()
"""

EVERY_KIND = """
grey, base = picture(101, 83, base="GRAY")
select(grey, 30, 25, 40, 30, feather=5)
adobe, ground = picture(101, 83)
adobe.set_color_profile(Gimp.ColorProfile.new_rgb_adobe())
select(adobe, 30, 25, 40, 30, feather=5)
clear, holes = picture(101, 83)
layer(clear, 101, 83, colour(101, 83, 250, 120, 10, 99), name="glaze")
clear.remove_layer(holes)
select(clear, 0, 0, 101, 40)
half, middle = picture(101, 83, precision="HALF_LINEAR")
select(half, 30, 25, 40, 30, feather=5)
result = {
    "8 bits": regenerate(*picture(101, 83)),
    "half": regenerate(half, middle),
    "grey": regenerate(grey, base),
    "profile": regenerate(adobe, ground),
    "half transparent": regenerate(clear, clear.get_layers()[0]),
}
"""

WHAT_THE_SERVER_GOT = """
image, base = picture(120, 90)
select(image, 50, 20, 40, 30, feather=9)
answer = call("regenerate", image, [base], prompt="grass", steps=2)
sent = record(image.get_layers()[0])
place = [sent["context"][side] for side in ("x", "y", "width", "height")]
selection = [
    int(Gimp.Selection.value(image, x, y))
    for y in range(place[1], place[1] + place[3])
    for x in range(place[0], place[0] + place[2])
]
result = {
    "answer": answer,
    "sent": sent,
    "selection": text(bytes(selection)),
    "picture": text(read(base, RGBA8, *place)),
}
"""


def assert_only_the_masked_changed(told: dict[str, str]) -> None:
    mask = samples(told["mask"])
    before, after = by_pixel(told["before"], mask), by_pixel(told["after"], mask)
    changed = (before != after).any(axis=1)
    assert told["is_base_untouched"]
    assert (mask == 0).sum() > 500
    assert not changed[mask == 0].any()
    assert changed[mask == 255].mean() > 0.9


def test_inserting_keeps_what_lies_outside_of_the_mask_in_every_precision(desk: Desk) -> None:
    for precision, inserted in desk.run(INSERT_IN_EVERY_PRECISION, precisions=PRECISIONS).items():
        is_shallow = precision.startswith("U8")
        assert inserted["format"] == ("rgba8" if is_shallow else "rgba16"), precision
        assert_only_the_masked_changed(inserted)


@pytest.mark.usefixtures("served")
def test_a_job_keeps_what_lies_outside_of_its_mask_in_every_kind_of_picture(desk: Desk) -> None:
    told = desk.run(REGENERATE + EVERY_KIND)
    for kind, regenerated in told.items():
        assert regenerated["answer"] == [3, ""], kind
        if kind != "8 bits":  # where nothing is selected, and the mask is white
            assert_only_the_masked_changed(regenerated)
    assert told["half"]["format"] == "rgba16"
    assert set(samples(told["8 bits"]["mask"]).tolist()) == {255}


def test_the_server_gets_the_bytes_of_a_feathered_selection(
    desk: Desk, served: ServerProcess
) -> None:
    told = desk.run(WHAT_THE_SERVER_GOT)
    assert told["answer"] == [3, ""]
    selection = samples(told["selection"])
    assert {0, 255} < set(selection.tolist())
    # A blob's name is the hash of its bytes.
    assert told["sent"]["mask"]["blob"] == blob_id(selection.tobytes())
    assert told["sent"]["image"]["blob"] == blob_id(samples(told["picture"]).tobytes())
    assert served.process.poll() is None
