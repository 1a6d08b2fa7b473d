"""A box to be checked."""

from __future__ import annotations

from scumble_krita.qt import QtWidgets


class Switch(QtWidgets.QCheckBox):
    """Yes or no.

    Args:
        name: The widget's name.
        text: What it says.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.setObjectName(name)

    def value(self) -> bool:
        """Whether it is checked."""
        return bool(self.isChecked())

    def set_value(self, value: bool) -> None:
        """Check it, or not."""
        self.setChecked(value)
