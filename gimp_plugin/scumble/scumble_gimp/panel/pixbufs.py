"""Pixels of the wire as GTK's."""

from __future__ import annotations

from scumble_gimp.host import GLib
from scumble_gimp.host_window import GdkPixbuf, Gio
from scumble_protocol.geometry import Size
from scumble_protocol.pixels import Pixels

_CHECK = 8
"""The side of a square of the board behind transparent pixels."""

_LIGHT, _DARK = 0x999999, 0x666666
"""GIMP's own, for the board."""


def pixbuf_of(pixels: Pixels) -> GdkPixbuf.Pixbuf:
    """The pixels, `rgba8`."""
    width, height = pixels.size.width, pixels.size.height
    rgb = GdkPixbuf.Colorspace.RGB
    data = GLib.Bytes.new(pixels.data)
    return GdkPixbuf.Pixbuf.new_from_bytes(data, rgb, True, 8, width, height, width * 4)


def on_board(pixels: Pixels) -> GdkPixbuf.Pixbuf:
    """The pixels, `rgba8`, on a checkerboard."""
    return pixbuf_of(pixels).composite_color_simple(
        pixels.size.width,
        pixels.size.height,
        GdkPixbuf.InterpType.NEAREST,
        255,
        _CHECK,
        _LIGHT,
        _DARK,
    )


def over(under: Pixels, upper: Pixels) -> GdkPixbuf.Pixbuf:
    """One picture over another of the same size, both `rgba8`."""
    width, height = under.size.width, under.size.height
    whole = on_board(under)
    place = (0, 0, width, height, 0, 0, 1, 1)
    pixbuf_of(upper).composite(whole, *place, GdkPixbuf.InterpType.NEAREST, 255)
    return whole


def sharp_icon(pixbuf: GdkPixbuf.Pixbuf) -> Gio.Icon:
    """An icon for `Gtk.Image`, which draws it with all its pixels also on dense screens."""
    _, png = pixbuf.save_to_bufferv("png", [], [])
    return Gio.BytesIcon.new(GLib.Bytes.new(png))


def fitted(size: Size, most: Size) -> Size:
    """The largest size of the same proportions that is no larger than `most`."""
    factor = min(most.width / size.width, most.height / size.height)
    return Size(max(1, round(size.width * factor)), max(1, round(size.height * factor)))
