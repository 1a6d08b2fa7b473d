"""A sentence and two buttons in a frame, for what asks for a decision."""

from __future__ import annotations

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.style import GAP, text_label


class Framed:
    """A frame; `first` and `second` are its buttons.

    Args:
        name: The widget's name.
        first: Name and label of the first button.
        second: Those of the second.
    """

    def __init__(self, name: str, first: tuple[str, str], second: tuple[str, str]) -> None:
        self.text = text_label()
        self.first = Gtk.Button(name=first[0], label=first[1], hexpand=True)
        self.second = Gtk.Button(name=second[0], label=second[1], hexpand=True)
        grid = Gtk.Grid(column_spacing=GAP, row_spacing=GAP, margin=GAP, column_homogeneous=True)
        grid.attach(self.text, 0, 0, 2, 1)
        grid.attach(self.first, 0, 1, 1, 1)
        grid.attach(self.second, 1, 1, 1, 1)
        self.widget = Gtk.Box(name=name)
        # GIMP's themes draw a frame as a heading with nothing around it.
        self.widget.get_style_context().add_class("scumble-frame")
        self.widget.pack_start(grid, True, True, 0)
        self.widget.show_all()
