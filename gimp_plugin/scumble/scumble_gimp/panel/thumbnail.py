"""One variation of the strip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scumble_gimp.host_window import Gdk, Gtk
from scumble_gimp.panel.pixbufs import on_board, sharp_icon
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.recall import recall
from scumble_protocol.editor.settings import Settings
from scumble_protocol.pixels import Pixels

_DIM = 0.4
"""How much is seen of a variation that is hidden in the picture."""


@dataclass(frozen=True)
class Wishes:
    """What a painter can want of a variation: to show it, to keep it alone, its settings."""

    show: Callable[[Variation], object]
    keep: Callable[[Variation], object]
    reuse: Callable[[Settings], object]


class Thumbnail:
    """A button with the variation's picture.

    Args:
        pixels: The picture, `rgba8`.
        side: The longest side on the screen, in GTK's pixels.
        wishes: What is called.
        tr: Translates.
    """

    def __init__(self, pixels: Pixels, side: int, wishes: Wishes, tr: Translate) -> None:
        self._wishes = wishes
        self._tr = tr
        self._variation: Variation | None = None
        self._image = Gtk.Image.new_from_gicon(sharp_icon(on_board(pixels)), Gtk.IconSize.DIALOG)
        self._image.set_pixel_size(side)
        self.widget = Gtk.Button(name="scumble_thumbnail", relief=Gtk.ReliefStyle.NONE)
        self.widget.add(self._image)
        self._style = self.widget.get_style_context()
        self._style.add_class("scumble-thumbnail")
        self.widget.connect("clicked", lambda _: self._wish(wishes.show))
        self.widget.connect("button-press-event", self._pressed)
        self.widget.connect("popup-menu", lambda _: self._open_menu(None))

    def show_variation(self, variation: Variation) -> None:
        """It stands for this variation, as it is now."""
        self._variation = variation
        self._image.set_opacity(1 if variation.is_visible else _DIM)
        set_shown = self._style.add_class if variation.is_visible else self._style.remove_class
        set_shown("shown")
        settings = recall(variation)
        prompt = settings.prompt.strip() if settings else ""
        usage = self._tr("Click to show it, double-click to keep it alone.")
        self.widget.set_tooltip_text("\n".join(filter(None, (variation.name, prompt, usage))))
        self.widget.get_accessible().set_name(variation.name)

    def menu(self) -> Gtk.Menu:
        """What can be done with it."""
        tr, wishes = self._tr, self._wishes
        menu = Gtk.Menu()
        self._add(menu, tr("Show this one"), lambda: self._wish(wishes.show))
        self._add(menu, tr("Keep it and hide the others"), lambda: self._wish(wishes.keep))
        menu.append(Gtk.SeparatorMenuItem())
        settings = recall(self._variation) if self._variation else None
        reuse, copy = tr("Use its settings again"), tr("Copy its seed")
        if settings is None:
            for text in (reuse, copy):
                self._add(menu, text, None)
        else:
            known = settings
            self._add(menu, reuse, lambda: wishes.reuse(known))
            self._add(menu, copy, lambda: _copy(str(known.seed)))
        menu.show_all()
        return menu

    def _wish(self, wish: Callable[[Variation], object]) -> None:
        if self._variation is not None:
            wish(self._variation)

    def _pressed(self, _: Gtk.Button, event: Gdk.EventButton) -> bool:
        if event.type == Gdk.EventType.DOUBLE_BUTTON_PRESS and event.button == 1:
            self._wish(self._wishes.keep)
            return True
        if event.triggers_context_menu():
            return self._open_menu(event)
        return False

    def _open_menu(self, event: Gdk.EventButton | None) -> bool:
        menu = self.menu()
        menu.attach_to_widget(self.widget)
        if event is not None:
            menu.popup_at_pointer(event)
        else:
            corner = Gdk.Gravity.SOUTH_WEST, Gdk.Gravity.NORTH_WEST
            menu.popup_at_widget(self.widget, *corner, None)
        return True

    @staticmethod
    def _add(menu: Gtk.Menu, text: str, do: Callable[[], object] | None) -> None:
        item = Gtk.MenuItem(label=text, sensitive=do is not None)
        if do is not None:
            item.connect("activate", lambda _: do())
        menu.append(item)


def _copy(text: str) -> None:
    clipboard = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD)
    clipboard.set_text(text, -1)
    clipboard.store()  # for a time when the panel is closed
