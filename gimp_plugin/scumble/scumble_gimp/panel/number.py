"""A field for a number."""

from __future__ import annotations

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.style import GAP
from scumble_gimp.panel.wheel import ignore_wheel


class NumberField:
    """A number between two signs that say what it counts.

    Args:
        name: The widget's name.
        low: The least that it can be.
        high: The most.
        step: What an arrow adds; as many digits as it has are shown behind the point.
        before: A sign before it.
        unit: Its unit.
    """

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        step: float = 1,
        *,
        before: str = "",
        unit: str = "",
    ) -> None:
        adjustment = Gtk.Adjustment(
            lower=low, upper=high, step_increment=step, page_increment=10 * step
        )
        self._digits = 0 if float(step).is_integer() else len(f"{step:g}".partition(".")[2])
        self.field = Gtk.SpinButton(
            name=name, adjustment=adjustment, digits=self._digits, numeric=True, width_chars=3
        )
        self.adjustment = adjustment
        ignore_wheel(self.field)
        self.widget = Gtk.Box(spacing=GAP // 2)
        if before:
            self.widget.pack_start(Gtk.Label(label=before), False, False, 0)
        self.widget.pack_start(self.field, True, True, 0)
        if unit:
            self.widget.pack_start(Gtk.Label(label=unit), False, False, 0)

    def value(self) -> float:
        """The number, also one that was typed just now."""
        self.field.update()
        return round(float(self.field.get_value()), self._digits)

    def whole(self) -> int:
        """The number as a whole one."""
        return round(self.value())

    def set_value(self, value: float) -> None:
        """Show a number."""
        self.field.set_value(value)

    def explain(self, text: str) -> None:
        """What its tooltip and screen readers say."""
        self.widget.set_tooltip_text(text)
        self.field.get_accessible().set_name(text)
