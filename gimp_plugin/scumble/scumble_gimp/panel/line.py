"""A field for a short text."""

from __future__ import annotations

from scumble_gimp.host_window import Gtk


class LineField:
    """One line of text.

    Args:
        name: The widget's name.
        placeholder: What it shows while it is empty.
    """

    def __init__(self, name: str, placeholder: str) -> None:
        self.widget = Gtk.Entry(
            name=name, placeholder_text=placeholder, width_chars=6, hexpand=True
        )

    def text(self) -> str:
        """What is written."""
        return str(self.widget.get_text())

    def set_text(self, text: str) -> None:
        """Write something else."""
        self.widget.set_text(text)
