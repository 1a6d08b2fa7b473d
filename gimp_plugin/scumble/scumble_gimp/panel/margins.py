"""How much to add to each side of the canvas."""

from __future__ import annotations

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.number import NumberField
from scumble_gimp.panel.style import GAP
from scumble_protocol.editor.canvas import Margins
from scumble_protocol.editor.language import Translate

_MOST = 8192


class MarginsField:
    """Four numbers, each with an arrow to its side.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        names = {
            "left": ("←", tr("Pixels to add on the left"), 0, 0),
            "right": ("→", tr("Pixels to add on the right"), 1, 0),
            "top": ("↑", tr("Pixels to add at the top"), 0, 1),
            "bottom": ("↓", tr("Pixels to add at the bottom"), 1, 1),
        }
        self.widget = Gtk.Grid(column_spacing=GAP, row_spacing=GAP, column_homogeneous=True)
        self._fields: dict[str, NumberField] = {}
        for name, (arrow, title, column, row) in names.items():
            field = NumberField(f"scumble_margin_{name}", 0, _MOST, 64, before=arrow)
            field.explain(title)
            self.widget.attach(field.widget, column, row, 1, 1)
            self._fields[name] = field

    @property
    def focus(self) -> Gtk.Widget:
        """The first field."""
        return self._fields["left"].field

    def value(self) -> Margins:
        """The margins, in pixels."""
        return Margins(**{name: field.whole() for name, field in self._fields.items()})

    def set_value(self, margins: Margins) -> None:
        """Show these margins."""
        for name, field in self._fields.items():
            field.set_value(getattr(margins, name))
