"""Labels on the left, fields on the right, and whole rows that come and go."""

from __future__ import annotations

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.style import GAP


class Rows:
    """A column of labelled fields.

    Args:
        labels: Makes the labels of all columns as wide as the widest.
    """

    def __init__(self, labels: Gtk.SizeGroup) -> None:
        self.widget = Gtk.Grid(column_spacing=2 * GAP, row_spacing=GAP)
        self._sizes = labels
        self._labels: dict[Gtk.Widget, Gtk.Label] = {}
        self._count = 0

    def add(
        self, text: str, field: Gtk.Widget, tip: str = "", focus: Gtk.Widget | None = None
    ) -> None:
        """Add a field.

        Args:
            text: Its name, for screen readers too; without one it fills the row.
            field: The field.
            tip: Its tooltip.
            focus: The widget in it that takes the keys, if that is not the field itself.
        """
        field.set_hexpand(True)
        row, self._count = self._count, self._count + 1
        if tip:
            field.set_tooltip_text(tip)
        if not text:
            self.widget.attach(field, 0, row, 2, 1)
            return
        label = Gtk.Label(label=text, xalign=0.0, mnemonic_widget=focus or field)
        label.set_tooltip_text(tip or None)
        self._sizes.add_widget(label)
        self.widget.attach(label, 0, row, 1, 1)
        self.widget.attach(field, 1, row, 1, 1)
        self._labels[field] = label

    def set_shown(self, field: Gtk.Widget, is_shown: bool) -> None:
        """Show a row or take it away."""
        for widget in (field, self._labels.get(field)):
            if widget is not None:
                widget.set_visible(is_shown)
