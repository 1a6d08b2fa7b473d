"""A drop-down list of ids with titles that keeps to the docker's width."""

from __future__ import annotations

from collections.abc import Sequence

from scumble_krita.qt import Qt, QtCore, QtWidgets
from scumble_protocol.editor.fields import Item


class Choice(QtWidgets.QComboBox):
    """Shows titles, gives ids, and never asks for more room than it gets.

    Args:
        name: The widget's name.
        title: What screen readers call it.
        empty: What it shows while there is nothing to choose from.
    """

    chosen = QtCore.pyqtSignal()
    """The painter chose something."""

    opening = QtCore.pyqtSignal()
    """The list is about to drop down; what it offers may still be changed."""

    def __init__(self, name: str, title: str = "", empty: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setPlaceholderText(empty)
        self.setSizeAdjustPolicy(
            QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.setMinimumContentsLength(6)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._items: tuple[Item, ...] = ()
        self._wanted = ""
        self.activated.connect(self._activated)

    def offer(self, items: Sequence[Item]) -> None:
        """Show these; what was chosen stays chosen if it is among them."""
        if tuple(items) == self._items:
            return
        self._items = tuple(items)
        self.clear()
        for row, item in enumerate(self._items):
            self.addItem(item.title, item.id)
            self.setItemData(row, item.tip or item.title, Qt.ItemDataRole.ToolTipRole)
            if not item.is_enabled:
                self.model().item(row).setEnabled(False)
        self.setEnabled(bool(self._items))
        self.choose(self._wanted)

    def choose(self, wanted: str) -> None:
        """Choose this id, now or once it is offered; the first one while it is not."""
        self._wanted = wanted
        row = self.findData(wanted)
        self.setCurrentIndex(row if row >= 0 else 0 if self._items else -1)
        self._explain()

    def id(self) -> str:
        """What is chosen; what was wanted as long as nothing is offered."""
        data = self.currentData()
        return self._wanted if data is None else str(data)

    def has_wanted(self) -> bool:
        """Whether what was wanted is among what is offered."""
        return any(item.id == self._wanted for item in self._items)

    def tip(self) -> str:
        """The tooltip of what is chosen."""
        row = self.currentIndex()
        return self._items[row].tip if 0 <= row < len(self._items) else ""

    def showPopup(self) -> None:  # noqa: N802 (Qt's name)
        """Drop down."""
        self.opening.emit()
        super().showPopup()

    def wheelEvent(self, event: QtCore.QEvent) -> None:  # noqa: N802 (Qt's name)
        """Scroll the docker, rather than change a setting in passing."""
        event.ignore()

    def _activated(self, row: int) -> None:
        self._wanted = str(self.itemData(row))
        self._explain()
        self.chosen.emit()

    def _explain(self) -> None:
        self.setToolTip(self.tip() or self.currentText())
