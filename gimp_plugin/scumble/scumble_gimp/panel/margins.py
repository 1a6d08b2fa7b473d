"""How much to add to each side of the canvas."""

from __future__ import annotations

from collections.abc import Callable

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.choice import Choice
from scumble_gimp.panel.number import NumberField
from scumble_gimp.panel.style import GAP
from scumble_protocol.editor.canvas import Margins
from scumble_protocol.editor.fields import Item
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.ratios import PRESETS, Ratio, margins_for
from scumble_protocol.geometry import Size

_MOST = 8192


class MarginsField:
    """Four numbers, each with an arrow to its side, and ratios that set all of them.

    Args:
        canvas: Gives the size of the picture that is worked on; None if there is none.
        tr: Translates.
    """

    def __init__(self, canvas: Callable[[], Size | None], tr: Translate) -> None:
        self._canvas = canvas
        self.ratio = Choice("scumble_ratio", tr("Ratio"))
        presets = (Item(str(ratio), str(ratio)) for ratio in PRESETS)
        self.ratio.offer((Item("", tr("Free")), *presets))
        self.ratio.chosen = self._reach_ratio
        self._is_ours = False
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
            field.adjustment.connect("value-changed", lambda _: self._changed())
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

    def _reach_ratio(self) -> None:
        """Set what the chosen ratio needs."""
        canvas, ratio = self._canvas(), self.ratio.id()
        if canvas is not None and ratio:
            self._is_ours = True
            self.set_value(margins_for(canvas, Ratio.of(ratio)))
            self._is_ours = False

    def _changed(self) -> None:
        if not self._is_ours:
            self.ratio.choose("")
