"""How much to add to each side of the canvas."""

from __future__ import annotations

from scumble_krita.number import WholeNumber
from scumble_krita.qt import QtWidgets
from scumble_protocol.editor.canvas import Margins
from scumble_protocol.editor.language import Translate

_MOST = 8192


class MarginsField(QtWidgets.QWidget):
    """Four numbers, each with an arrow to its side.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        names = {
            "left": ("←", tr("Pixels to add on the left"), 0, 0),
            "right": ("→", tr("Pixels to add on the right"), 0, 1),
            "top": ("↑", tr("Pixels to add at the top"), 1, 0),
            "bottom": ("↓", tr("Pixels to add at the bottom"), 1, 1),
        }
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        self._fields: dict[str, WholeNumber] = {}
        for name, (arrow, title, row, column) in names.items():
            field = WholeNumber(f"scumble_margin_{name}", 0, _MOST)
            field.setPrefix(f"{arrow} ")
            field.setSingleStep(64)
            field.setAccessibleName(title)
            field.setToolTip(title)
            grid.addWidget(field, row, column)
            self._fields[name] = field
        self.setFocusProxy(self._fields["left"])

    def value(self) -> Margins:
        """The margins, in pixels."""
        return Margins(**{name: int(field.value()) for name, field in self._fields.items()})

    def set_value(self, margins: Margins) -> None:
        """Show these margins."""
        for name, field in self._fields.items():
            field.setValue(getattr(margins, name))
