"""Runs inside GIMP, before the code of a test: pictures to work on, and calls of procedures."""

from __future__ import annotations

import base64
import importlib
import json
import random
import sys
from collections.abc import Callable
from typing import Any

from gi.repository import Gegl, Gimp

# Where the bundled plug-in is; the test names it.
sys.path.insert(0, globals()["plug_in"])

Given = dict[str, Any]

RGBA8 = "R'G'B'A u8"
GREY8 = "Y u8"
SUCCESS, EXECUTION_ERROR, CALLING_ERROR = 3, 0, 1


def picture(
    width: int = 200,
    height: int = 150,
    *,
    base: str = "RGB",
    precision: str = "U8_NON_LINEAR",
    seed: int = 1,
) -> tuple[Gimp.Image, Gimp.Layer]:
    """An image with one layer of noise, the same for the same seed."""
    bits = getattr(Gimp.Precision, precision)
    image = Gimp.Image.new_with_precision(width, height, getattr(Gimp.ImageBaseType, base), bits)
    return image, noise(image, width, height, seed=seed)


def noise(
    image: Gimp.Image, width: int, height: int, *, seed: int = 1, name: str = "base"
) -> Gimp.Layer:
    """A layer of noise on top of an image; opaque, as most paintings are."""
    data = bytearray(random.Random(seed).randbytes(width * height * 4))  # noqa: S311
    data[3::4] = b"\xff" * (width * height)
    return layer(image, width, height, bytes(data), name=name)


def layer(
    image: Gimp.Image, width: int, height: int, data: bytes, *, name: str = "base"
) -> Gimp.Layer:
    """A layer with these pixels on top of an image."""
    is_grey = image.get_base_type() == Gimp.ImageBaseType.GRAY
    kind = Gimp.ImageType.GRAYA_IMAGE if is_grey else Gimp.ImageType.RGBA_IMAGE
    made = Gimp.Layer.new(image, name, width, height, kind, 100, Gimp.LayerMode.NORMAL)
    buffer = made.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), RGBA8, data)
    buffer.flush()
    image.insert_layer(made, None, 0)
    return made


def colour(width: int, height: int, *rgba: int) -> bytes:
    """Pixels of one colour."""
    return bytes(rgba) * (width * height)


def select(image: Gimp.Image, *rect: int, feather: float = 0) -> None:
    """Select a rectangle: x, y, width, height."""
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *rect)
    if feather:
        Gimp.Selection.feather(image, feather)


def stored(drawable: Gimp.Drawable) -> bytes:
    """The bytes of a drawable as GIMP keeps them, in whatever format that is."""
    area = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    return bytes(drawable.get_buffer().get(area, 1.0, None, Gegl.AbyssPolicy.NONE))


def seen(image: Gimp.Image) -> bytes:
    """What the painter sees, merged, as GIMP keeps it."""
    merged = Gimp.Layer.new_from_visible(image, image, "seen")
    data = stored(merged)
    merged.delete()
    return data


def read(drawable: Gimp.Drawable, form: str, *rect: int) -> bytes:
    """A part of a drawable in a format: x, y, width, height in its own coordinates."""
    area = Gegl.Rectangle.new(*rect)
    return bytes(drawable.get_buffer().get(area, 1.0, form, Gegl.AbyssPolicy.NONE))


def mask_on_canvas(image: Gimp.Image, masked: Gimp.Layer) -> bytes:
    """The mask of a layer on a canvas that is black elsewhere."""
    _, x, y = masked.get_offsets()
    return read(masked.get_mask(), GREY8, -x, -y, image.get_width(), image.get_height())


def scumble(image: Gimp.Image, *drawables: Gimp.Drawable) -> Any:
    """The plug-in's own view of an image, with these drawables active; the present ones if none."""
    from scumble_gimp.canvas import GimpPicture

    return GimpPicture(image, drawables or None)


def group(*rect: int, name: str = "Scumble: test", deep: bool = False, **more: Any) -> Any:
    """A result of one or more layers (`count`) with a mask that is black at its rim.

    The record says the canvas was `canvas` (width, height), if that is given.
    """
    canvas, pixels = _carried("editor.canvas"), _carried("pixels")
    place = _carried("geometry").Rect(*rect)
    form = pixels.PixelFormat.RGBA16 if deep else pixels.PixelFormat.RGBA8
    mask = bytearray(place.size.pixels)
    for y in range(5, place.height - 5):
        mask[y * place.width + 5 : (y + 1) * place.width - 5] = bytes(
            min(255, 40 * (x + 1)) for x in range(place.width - 10)
        )
    size = dict(zip(("width", "height"), more.get("canvas", ()), strict=False))
    request_json = json.dumps({"kind": "regenerate", "canvas": size, "prompt": name})
    layers = (
        canvas.Layer(
            name=f"Seed {number}",
            rect=place,
            pixels=pixels.Pixels(
                place.size, form, _grain(number, place.size.pixels * form.bytes_per_pixel)
            ),
            mask=pixels.Pixels(place.size, pixels.PixelFormat.GRAY8, bytes(mask)),
            visible=number == 1,
            request_json=request_json,
        )
        for number in range(1, more.get("count", 1) + 1)
    )
    return canvas.ResultGroup(name, tuple(layers))


def _carried(name: str) -> Any:
    """A module of the protocol that the bundled plug-in carries."""
    return importlib.import_module(f"scumble_gimp._vendor.scumble_protocol.{name}")


def _grain(seed: int, length: int) -> bytes:
    data = bytearray(random.Random(seed).randbytes(length))  # noqa: S311
    data[length // 2 :] = b"\xff" * (length - length // 2)
    return bytes(data)


def finish(work: Any) -> int:
    """Do all portions of a change; how many there were."""
    return sum(1 for _ in work)


def call(name: str, image: Gimp.Image, drawables: list[Gimp.Drawable], **values: Any) -> list[Any]:
    """Call a procedure as a script does; its status and what GIMP says of its error."""
    procedure = Gimp.get_pdb().lookup_procedure(f"scumble-{name}")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", drawables)
    for argument, value in values.items():
        config.set_property(argument.replace("_", "-"), value)
    status = int(procedure.run(config).index(0))
    return [status, Gimp.get_pdb().get_last_error() if status != SUCCESS else ""]


def tree(layers: list[Gimp.Layer]) -> list[Any]:
    """The names of layers, the top one first; a group is a list of its name and its layers."""
    return [
        [item.get_name(), tree(item.get_children())] if item.is_group() else item.get_name()
        for item in layers
    ]


def record(group: Gimp.GroupLayer) -> Given:
    """The request that is kept with a result group."""
    found: Given = json.loads(bytes(group.get_parasite("scumble-request").get_data()))
    return found


def text(data: bytes) -> str:
    """Bytes as they go into the result of a test."""
    return base64.b64encode(data).decode()


def sentence(do: Callable[[], object]) -> str:
    """What the `ScumbleError` that it raises says; empty if it raises none."""
    try:
        do()
    except Exception as error:
        if any(kind.__name__ == "ScumbleError" for kind in type(error).__mro__):
            return str(error)
        raise
    return ""
