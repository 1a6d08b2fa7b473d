"""What an editor is given to insert."""

from __future__ import annotations

import dataclasses

import pytest

from scumble_protocol.editor.canvas import Layer
from scumble_protocol.errors import ProtocolError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels

COLOUR = Pixels(Size(2, 1), PixelFormat.RGBA8, bytes(8))
GREY = Pixels(Size(2, 1), PixelFormat.GRAY8, bytes(2))
LAYER = Layer("a layer", Rect(3, 4, 2, 1), COLOUR, GREY, visible=True, request_json="{}")


@pytest.mark.parametrize("size", [Size(1, 2), Size(3, 1)])
def test_a_layer_whose_parts_differ_in_size_is_refused(size: Size) -> None:
    for part in (
        {"rect": Rect(0, 0, size.width, size.height)},
        {"pixels": Pixels(size, PixelFormat.RGBA8, bytes(4 * size.pixels))},
        {"mask": Pixels(size, PixelFormat.GRAY8, bytes(size.pixels))},
    ):
        with pytest.raises(ProtocolError, match="differ in size"):
            dataclasses.replace(LAYER, **part)


def test_a_layer_needs_colours_and_a_grey_mask() -> None:
    for part in ({"pixels": GREY}, {"mask": COLOUR}):
        with pytest.raises(ProtocolError, match="grey mask"):
            dataclasses.replace(LAYER, **part)  # type: ignore[arg-type]
