"""How the mask is shown."""

from __future__ import annotations

from scumble_protocol.editor.canvas import Layer
from scumble_protocol.editor.mask_preview import mask_preview
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels


def layer(width: int, height: int, mask: bytes) -> Layer:
    size = Size(width, height)
    return Layer(
        "Mask",
        Rect(5, 6, width, height),
        Pixels(size, PixelFormat.RGBA8, bytes(4 * size.pixels)),
        Pixels(size, PixelFormat.GRAY8, mask),
        visible=True,
        request_json="",
    )


def test_the_more_the_redder() -> None:
    preview = mask_preview(layer(3, 1, bytes((0, 128, 255))))
    assert preview.rect == Rect(5, 6, 3, 1)
    assert preview.is_mask
    opacity = preview.pixels.data[3::4]
    assert 0 == opacity[0] < opacity[1] < opacity[2] < 255
    red, green = preview.pixels.data[0], preview.pixels.data[1]
    assert red > 4 * green


def test_a_large_mask_is_shown_coarsely() -> None:
    preview = mask_preview(layer(3000, 1001, b"\xff" * (3000 * 1001)))
    assert preview.rect.size == Size(3000, 1001)
    assert preview.pixels.size == Size(1500, 501)
    assert len(set(preview.pixels.data[3::4])) == 1
