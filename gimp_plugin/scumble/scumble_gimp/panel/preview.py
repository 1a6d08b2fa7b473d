"""What the picture of a running job looks like so far."""

from __future__ import annotations

from scumble_gimp.host_window import GdkPixbuf, Gtk
from scumble_gimp.panel.pixbufs import fitted, pixbuf_of
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import PreviewView
from scumble_protocol.geometry import Size

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

    def show_preview(self, preview: PreviewView | None, width: int) -> None:
        """Show this preview, no wider than `width` pixels, or none."""
        if preview is self._shown:
            return
        self._shown = preview
        if preview is not None:
            # The pixels are fewer than those of the place in the picture.
            size = fitted(preview.rect.size, Size(max(1, width), _HEIGHT))
            smooth = GdkPixbuf.InterpType.BILINEAR
            pixbuf = pixbuf_of(preview.pixels).scale_simple(size.width, size.height, smooth)
            self.widget.set_from_pixbuf(pixbuf)
        self.widget.set_visible(preview is not None)
