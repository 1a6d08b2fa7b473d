"""A line of text."""

from __future__ import annotations

from scumble_krita.qt import QtWidgets


class Line(QtWidgets.QLineEdit):
    """One line of text.

    Args:
        name: The widget's name.
        example: What it shows while nothing is written.
    """

    def __init__(self, name: str, example: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setPlaceholderText(example)
        self.setMinimumWidth(1)

    def set_text(self, text: str) -> None:
        """Write something else."""
        self.setText(text)
