"""What the picture of a running job looks like so far."""

from __future__ import annotations

from collections.abc import Callable

from scumble_gimp.host_window import GdkPixbuf, Gtk
from scumble_gimp.panel.pixbufs import fitted, over, pixbuf_of
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import PreviewView
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import Pixels

Look = Callable[[Rect, Size], Pixels | None]
"""Gives what is at a place of the picture, with so many pixels."""

_HEIGHT = 160
"""Pixels; always the same, so that nothing below jumps from preview to preview."""


class PreviewField:
    """GIMP lets no plug-in draw on its canvas, so the preview is shown here.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        self._shown: PreviewView | None = None
        self.widget = Gtk.Image(name="scumble_preview", height_request=_HEIGHT)
        self.widget.set_tooltip_text(tr("What is being made"))

    def show_preview(
        self, preview: PreviewView | None, width: int, look: Look | None = None
    ) -> None:
        """Show this preview, no wider than `width` pixels, or none; over what `look` gives."""
        if preview is self._shown:
            return
        self._shown = preview
        if preview is not None:
            # The pixels are fewer than those of the place in the picture.
            size = fitted(preview.rect.size, Size(max(1, width), _HEIGHT))
            smooth = GdkPixbuf.InterpType.BILINEAR
            under = look(preview.rect, preview.pixels.size) if look else None
            whole = over(under, preview.pixels) if under else pixbuf_of(preview.pixels)
            self.widget.set_from_pixbuf(whole.scale_simple(size.width, size.height, smooth))
        self.widget.set_visible(preview is not None)
