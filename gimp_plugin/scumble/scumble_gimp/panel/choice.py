"""A drop-down list of ids with titles that keeps to the panel's width."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scumble_gimp.host_window import Gtk, Pango
from scumble_gimp.panel.wheel import ignore_wheel
from scumble_protocol.editor.fields import Item


class Choice:
    """Shows titles, gives ids.

    Args:
        name: The widget's name.
        title: What screen readers call it.
        empty: What it shows while there is nothing to choose from.
    """

    def __init__(self, name: str, title: str = "", empty: str = "") -> None:
        self._store = Gtk.ListStore(str, str, bool)
        self.widget = Gtk.ComboBox(name=name, model=self._store, id_column=0, hexpand=True)
        cell = Gtk.CellRendererText(ellipsize=Pango.EllipsizeMode.END, width_chars=6)
        self.widget.pack_start(cell, True)
        self.widget.add_attribute(cell, "text", 1)
        self.widget.add_attribute(cell, "sensitive", 2)
        ignore_wheel(self.widget)
        if title:
            self.widget.get_accessible().set_name(title)
        self.chosen: Callable[[], object] = _nothing
        self._empty = empty
        self._items: tuple[Item, ...] = ()
        self._wanted = ""
        self._is_ours = False
        self._show()
        self.widget.connect("changed", self._changed)
        # GTK makes the lines of a drop-down list anew whenever it opens.
        self.widget.connect("notify::popup-shown", self._explain_lines)

    def offer(self, items: Sequence[Item]) -> None:
        """Show these; what was chosen stays chosen if it is among them."""
        if tuple(items) != self._items:
            self._items = tuple(items)
            self._show()

    def choose(self, wanted: str) -> None:
        """Choose this id, now or once it is offered; the first one while it is not."""
        self._wanted = wanted
        self._show()

    def id(self) -> str:
        """What is chosen; what was wanted as long as nothing is offered."""
        return str(self.widget.get_active_id()) if self._items else self._wanted

    def has_wanted(self) -> bool:
        """Whether what was wanted is among what is offered."""
        return any(item.id == self._wanted for item in self._items)

    def _show(self) -> None:
        self._is_ours = True
        self._store.clear()
        for item in self._items or (Item("", self._empty),):
            self._store.append([item.id, item.title, item.is_enabled])
        if not (self.has_wanted() and self.widget.set_active_id(self._wanted)):
            self.widget.set_active(0)
        self.widget.set_sensitive(bool(self._items))
        self._is_ours = False
        self._explain()

    def _changed(self, _: Gtk.ComboBox) -> None:
        if not self._is_ours:
            self._wanted = self.id()
            self._explain()
            self.chosen()

    def _explain(self) -> None:
        row = self.widget.get_active()
        item = self._items[row] if 0 <= row < len(self._items) else Item("", self._empty)
        self.widget.set_tooltip_text(item.tip or item.title)

    def _explain_lines(self, *_: object) -> None:
        """Give the lines of the opened list their tooltips; it is a menu in most themes."""
        menu = self.widget.get_popup_accessible().get_widget()
        if isinstance(menu, Gtk.Menu):
            for line, item in zip(menu.get_children(), self._items, strict=False):
                line.set_tooltip_text(item.tip or None)


def _nothing() -> None:
    """Nobody wants to know."""
