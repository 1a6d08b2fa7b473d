"""The layers of an image, each by itself, as what guides a model."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Final

from scumble_gimp import buffers
from scumble_gimp.host import Gimp
from scumble_gimp.seeing import see_layer
from scumble_protocol.editor.canvas import LayerInfo, Snapshot
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels

_PIECE: Final = 2**16
"""So many pixels are masked at a time, so that other threads get their turn in between."""


def layers_of(image: Gimp.Image, canvas: Rect) -> tuple[LayerInfo, ...]:
    """The layers from top to bottom, each group before what lies in it.

    Args:
        image: The image.
        canvas: What their places are told in, and clipped to; in pixels of the image.
    """
    return tuple(_told(image.get_layers(), "", canvas))


def find_layer(image: Gimp.Image, wanted: str) -> Gimp.Layer:
    """The layer with this `LayerInfo.id`.

    Raises:
        RequestError: It is gone.
    """
    layer = image.get_layer_by_tattoo(int(wanted)) if wanted.isdecimal() else None
    if layer is None:
        raise RequestError(
            ErrorCode.CANVAS_GONE,
            "A layer that was chosen is not there any longer.",
            "Choose another one; Undo brings it back if it was deleted.",
        )
    return layer


def see_alone(layer: Gimp.Layer, rect: Rect, form: PixelFormat) -> Snapshot:
    """What a layer has there as its mask lets it be seen, whether it is shown or not.

    Args:
        layer: The layer; all that is shown in a group.
        rect: In pixels of the image.
        form: `rgba8` or `rgba16`.
    """
    data = see_layer(layer, rect, form)
    mask = layer.get_mask()
    if mask is None or not layer.get_apply_mask():
        return lambda: Pixels(rect.size, form, data)
    _, left, top = layer.get_offsets()
    kept = buffers.read(mask, rect.moved(-left, -top), PixelFormat.GRAY8)
    return lambda: Pixels(rect.size, form, masked(data, kept, form))


def masked(data: bytes, mask: bytes, form: PixelFormat) -> bytes:
    """Pixels whose alpha is multiplied by a mask of the same size."""
    samples = array("B" if form is PixelFormat.RGBA8 else "H", data)
    for start in range(0, len(mask), _PIECE):
        piece = mask[start : start + _PIECE]
        if piece.count(b"\xff") == len(piece):
            continue
        place = slice(4 * start + 3, 4 * (start + len(piece)), 4)
        alpha = samples[place]
        multiplied = ((a * m + 127) // 255 for a, m in zip(alpha, piece, strict=True))
        samples[place] = array(samples.typecode, multiplied)
    return samples.tobytes()


def _told(layers: Sequence[Gimp.Layer], group: str, canvas: Rect) -> Iterator[LayerInfo]:
    for layer in layers:
        own, is_group = str(layer.get_tattoo()), bool(layer.is_group())
        inside = layer.get_children() if is_group else []
        is_empty = is_group and not inside
        bounds = None if is_empty else _place(layer).intersect(canvas)
        if bounds is not None:
            bounds = bounds.moved(-canvas.x, -canvas.y)
        yield LayerInfo(own, str(layer.get_name()), bounds, group, is_group)
        yield from _told(inside, own, canvas)


def _place(layer: Gimp.Layer) -> Rect:
    _, left, top = layer.get_offsets()
    size = Size(layer.get_width(), layer.get_height())
    return Rect.of(size).moved(left, top)
