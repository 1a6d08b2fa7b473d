"""The variations that are in the picture."""

from __future__ import annotations

from collections.abc import Callable

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.style import line_height
from scumble_gimp.panel.thumbnail import Thumbnail, Wishes
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.editor.language import Translate
from scumble_protocol.errors import ScumbleError
from scumble_protocol.pixels import Pixels

Load = Callable[[Variation, int], Pixels]
"""Gives a variation's picture, at most so many pixels wide and high."""

_ROWS = 2.3
"""So many rows of thumbnails are in sight; a part of a row says that there are more."""


class VariationStrip:
    """Thumbnails in rows: a click shows a variation, a double click keeps it; more by right click.

    Args:
        wishes: What a painter can want of a variation.
        tr: Translates.
    """

    def __init__(self, wishes: Wishes, tr: Translate) -> None:
        self._wishes = wishes
        self._tr = tr
        self._variations: tuple[Variation, ...] = ()
        self._thumbnails: dict[tuple[str, str], Thumbnail] = {}
        self._flow = Gtk.FlowBox(
            name="scumble_variations",
            selection_mode=Gtk.SelectionMode.NONE,
            homogeneous=True,
            max_children_per_line=100,
            valign=Gtk.Align.START,
        )
        self._flow.get_accessible().set_name(tr("Variations in this picture"))
        self.widget = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER, propagate_natural_height=True
        )
        self.widget.add(self._flow)
        self._side = 4 * line_height(self._flow)
        self.widget.set_max_content_height(round(_ROWS * self._side))

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
        for place in self._flow.get_children():
            place.remove(place.get_child())
            place.destroy()
        for thumbnail in self._thumbnails.values():
            # The thumbnail takes the keys, its place does not.
            place = Gtk.FlowBoxChild(can_focus=False)
            place.add(thumbnail.widget)
            self._flow.add(place)
        self._flow.show_all()


def _key(variation: Variation) -> tuple[str, str]:
    return variation.group, variation.layer
