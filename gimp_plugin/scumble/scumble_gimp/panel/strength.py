"""A strength: a slider and its number."""

from __future__ import annotations

from collections.abc import Callable

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.number import NumberField
from scumble_gimp.panel.style import GAP
from scumble_gimp.panel.wheel import ignore_wheel


class StrengthField:
    """A slider from 0 to 100 % with a field for the number.

    Args:
        name: The slider's name; that of the number's field ends with `_number`.
    """

    def __init__(self, name: str) -> None:
        self.changed: Callable[[], object] = _nothing
        self._number = NumberField(f"{name}_number", 0, 100, unit="%")
        self.slider = Gtk.Scale(
            name=name,
            adjustment=self._number.adjustment,
            draw_value=False,
            digits=0,
            hexpand=True,
        )
        ignore_wheel(self.slider)
        self._number.adjustment.connect("value-changed", lambda _: self.changed())
        self.widget = Gtk.Box(spacing=GAP)
        self.widget.pack_start(self.slider, True, True, 0)
        self.widget.pack_start(self._number.widget, False, False, 0)

    def value(self) -> float:
        """The strength, 0 to 1."""
        return self._number.whole() / 100

    def set_value(self, strength: float) -> None:
        """Move both to this strength, 0 to 1."""
        self._number.set_value(round(strength * 100))


def _nothing() -> None:
    """Nobody wants to know."""
