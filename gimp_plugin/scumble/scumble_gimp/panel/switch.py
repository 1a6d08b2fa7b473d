"""A box to be checked."""

from __future__ import annotations

from scumble_gimp.host_window import Gtk


class Switch:
    """Yes or no.

    Args:
        name: The widget's name.
        text: What it says.
    """

    def __init__(self, name: str, text: str) -> None:
        self.widget = Gtk.CheckButton(name=name, label=text)

    def value(self) -> bool:
        """Whether it is checked."""
        return bool(self.widget.get_active())

    def set_value(self, value: bool) -> None:
        """Check it, or not."""
        self.widget.set_active(value)
