"""A number of pixels that can be left to Scumble."""

from __future__ import annotations

from typing import Final

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.number import NumberField
from scumble_protocol.editor.language import Translate

_AUTOMATIC: Final = -1


class AutomaticField:
    """A field for a number of pixels; one below 0 it says “Automatic”.

    Args:
        name: The widget's name.
        high: The most that it can be.
        tr: Translates.
    """

    def __init__(self, name: str, high: int, tr: Translate) -> None:
        self._number = NumberField(name, _AUTOMATIC, high, unit="px")
        self._word = tr("Automatic")
        self.field = self._number.field
        self.widget = self._number.widget
        # Letters have to be allowed for the word, and what is no number leaves what was there.
        self.field.set_numeric(False)
        self.field.set_update_policy(Gtk.SpinButtonUpdatePolicy.IF_VALID)
        self.field.set_width_chars(len(self._word))
        self.field.connect("output", self._write)
        self._write(self.field)

    def value(self) -> int | None:
        """The pixels; None for automatic."""
        pixels = self._number.whole()
        return None if pixels == _AUTOMATIC else pixels

    def set_value(self, value: int | None) -> None:
        """Show them."""
        self._number.set_value(_AUTOMATIC if value is None else value)

    def _write(self, field: Gtk.SpinButton) -> bool:
        pixels = round(field.get_value())
        text = self._word if pixels == _AUTOMATIC else str(pixels)
        if field.get_text() != text:
            field.set_text(text)
        return True
