"""The variations that are in the picture."""

from __future__ import annotations

from collections.abc import Callable

from scumble_gimp.host_window import Gdk, Gtk
from scumble_gimp.panel.style import line_height
from scumble_gimp.panel.thumbnail import Thumbnail, Wishes
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.editor.language import Translate
from scumble_protocol.errors import ScumbleError
from scumble_protocol.pixels import Pixels

Load = Callable[[Variation, int], Pixels]
"""Gives a variation's picture, at most so many pixels wide and high."""


class VariationStrip:
    """Thumbnails in a row: a click shows a variation, a double click keeps it; more by right click.

    Args:
        wishes: What a painter can want of a variation.
        tr: Translates.
    """

    def __init__(self, wishes: Wishes, tr: Translate) -> None:
        self._wishes = wishes
        self._tr = tr
        self._variations: tuple[Variation, ...] = ()
        self._thumbnails: dict[tuple[str, str], Thumbnail] = {}
        self._row = Gtk.Box(name="scumble_variations")
        self._row.get_accessible().set_name(tr("Variations in this picture"))
        self.widget = Gtk.ScrolledWindow(vscrollbar_policy=Gtk.PolicyType.NEVER)
        self.widget.add(self._row)
        self.widget.connect("scroll-event", self._scrolled)
        self._side = 4 * line_height(self._row)

    def show_variations(self, variations: tuple[Variation, ...], load: Load) -> None:
        """Show these; `load` is called for those that are new."""
        if variations == self._variations:
            return
        before = [_key(variation) for variation in self._variations]
        self._variations = variations
        loaded = {_key(each): self._thumbnail(each, load) for each in variations}
        self._thumbnails = {key: each for key, each in loaded.items() if each is not None}
        if list(self._thumbnails) != before:
            self._arrange()
        self.widget.set_visible(bool(self._thumbnails))

    def _thumbnail(self, variation: Variation, load: Load) -> Thumbnail | None:
        thumbnail = self._thumbnails.get(_key(variation))
        if thumbnail is None:
            try:
                pixels = load(variation, self._side * self.widget.get_scale_factor())
            except ScumbleError:  # gone since it was listed; the next list won't have it
                return None
            thumbnail = Thumbnail(pixels, self._side, self._wishes, self._tr)
        thumbnail.show_variation(variation)
        return thumbnail

    def _arrange(self) -> None:
        for widget in self._row.get_children():
            self._row.remove(widget)
        for thumbnail in self._thumbnails.values():
            self._row.pack_start(thumbnail.widget, False, False, 0)
        self._row.show_all()

    def _scrolled(self, _: Gtk.ScrolledWindow, event: Gdk.EventScroll) -> bool:
        """Any wheel moves along the row as long as there is more of it."""
        place = self.widget.get_hadjustment()
        if place.get_upper() <= place.get_page_size():
            return False
        back = event.direction in {Gdk.ScrollDirection.UP, Gdk.ScrollDirection.LEFT}
        _, right, down = event.get_scroll_deltas()
        turned = right + down or (-1 if back else 1)
        place.set_value(place.get_value() + turned * self._side)
        return True


def _key(variation: Variation) -> tuple[str, str]:
    return variation.group, variation.layer
