"""What of a picture a job gets to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from scumble_gimp import buffers
from scumble_gimp.calls import must
from scumble_gimp.host import Gimp
from scumble_gimp.results import result_groups
from scumble_protocol.editor.canvas import Margins
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat

Drawables = Sequence[Gimp.Drawable]

_NOTHING_ADDED = Margins()


def see_merged(
    image: Gimp.Image, rect: Rect, form: PixelFormat, *, with_results: bool, margins: Margins
) -> bytes:
    """What the painter sees there, layers merged; hidden layers don't count.

    Args:
        image: The image; it is not changed.
        rect: In pixels of the canvas after it was expanded.
        form: `rgba8` or `rgba16`.
        with_results: Whether the layers that Scumble made count.
        margins: How much the canvas is to be expanded first.
    """
    # GIMP shows channels that are visible, as Quick Mask is, and so does its merged picture.
    hidden = [channel for channel in image.get_channels() if channel.get_visible()]
    results = [] if with_results else [g for g in result_groups(image) if g.get_visible()]
    if not hidden and not results and margins == _NOTHING_ADDED:
        return _merged(image, rect, form)
    with _copy(image) as copy:
        for channel in copy.get_channels():
            channel.set_visible(False)
        if not with_results:
            for group in result_groups(copy):
                must(copy.remove_layer(group))
        size = margins.around(rect_of(image).size)
        must(copy.resize(size.width, size.height, margins.left, margins.top))
        return _merged(copy, rect, form)


def see_small(image: Gimp.Image, rect: Rect, size: Size) -> bytes:
    """What the painter sees there, as `rgba8` in a smaller size of about the same proportions."""
    factor = max(size.width / rect.width, size.height / rect.height)
    place = Rect(round(rect.x * factor), round(rect.y * factor), size.width, size.height)
    merged = Gimp.Layer.new_from_visible(image, image, "Scumble")
    try:
        return buffers.read(merged, place, PixelFormat.RGBA8, factor)
    finally:
        merged.delete()


def see_layer(layer: Gimp.Layer, rect: Rect, form: PixelFormat) -> bytes:
    """The pixels of one layer, without its mask; `rect` is in canvas pixels."""
    _, left, top = layer.get_offsets()
    return buffers.read(layer, rect.moved(-left, -top), form)


def active_layer(drawables: Drawables) -> Gimp.Layer:
    """The layer that is meant by what is active: itself, or the one whose mask is active.

    Raises:
        RequestError: None is, or several are.
    """
    layers = [owner for drawable in drawables if (owner := owning_layer(drawable)) is not None]
    if len(layers) == 1 == len(drawables):
        return layers[0]
    if len(layers) > 1:
        sentence = f"{len(layers)} layers are selected, and only one of them can be the source."
    elif drawables:
        sentence = "A channel is active, which has no colours."
    else:
        sentence = "No layer is active."
    raise RequestError(
        ErrorCode.INVALID_VALUE,
        sentence,
        "Click one layer in the Layers dialog, or choose another source.",
    )


def owning_layer(drawable: Gimp.Drawable) -> Gimp.Layer | None:
    """The layer that a drawable is or masks; None for a channel."""
    if isinstance(drawable, Gimp.LayerMask):
        return Gimp.Layer.from_mask(drawable)
    return drawable if isinstance(drawable, Gimp.Layer) else None


def rect_of(image: Gimp.Image) -> Rect:
    """The whole canvas."""
    return Rect(0, 0, image.get_width(), image.get_height())


def _merged(image: Gimp.Image, rect: Rect, form: PixelFormat) -> bytes:
    # Never inserted, so that it makes no undo step.
    merged = Gimp.Layer.new_from_visible(image, image, "Scumble")
    try:
        return see_layer(merged, rect, form)
    finally:
        merged.delete()


@contextmanager
def _copy(image: Gimp.Image) -> Iterator[Gimp.Image]:
    copy = image.duplicate()
    try:
        copy.undo_disable()
        yield copy
    finally:
        copy.delete()
