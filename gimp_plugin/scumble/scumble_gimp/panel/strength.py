"""The strength: a slider and its number."""

from __future__ import annotations

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.number import NumberField
from scumble_gimp.panel.style import GAP
from scumble_gimp.panel.wheel import ignore_wheel


class StrengthField:
    """A slider from 0 to 100 % with a field for the number."""

    def __init__(self) -> None:
        self._number = NumberField("scumble_strength_number", 0, 100, unit="%")
        self.slider = Gtk.Scale(
            name="scumble_strength",
            adjustment=self._number.adjustment,
            draw_value=False,
            digits=0,
            hexpand=True,
        )
        ignore_wheel(self.slider)
        self.widget = Gtk.Box(spacing=GAP)
        self.widget.pack_start(self.slider, True, True, 0)
        self.widget.pack_start(self._number.widget, False, False, 0)

    def value(self) -> float:
        """The strength, 0 to 1."""
        return self._number.whole() / 100

    def set_value(self, strength: float) -> None:
        """Move both to this strength, 0 to 1."""
        self._number.set_value(round(strength * 100))
