"""Labels on the left, fields on the right, and whole rows that come and go."""

from __future__ import annotations

from scumble_krita.qt import Qt, QtWidgets


class Rows(QtWidgets.QWidget):
    """A column of labelled fields."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QtWidgets.QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._labels: dict[QtWidgets.QWidget, QtWidgets.QLabel] = {}
        self._tips: dict[QtWidgets.QWidget, str] = {}

    def add(self, text: str, field: QtWidgets.QWidget, tip: str = "") -> None:
        """Add a field; the text is its name for screen readers too. Without one it fills the row.

        There are no mnemonics: Alt with a letter belongs to the menus of Krita's window.
        """
        row = self._grid.rowCount()
        if not text:
            self._grid.addWidget(field, row, 0, 1, 2)
            if tip:
                field.setToolTip(tip)
            return
        label = QtWidgets.QLabel(text)
        label.setBuddy(field)
        label.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Preferred
        )
        for widget in (label, field):
            if tip:
                widget.setToolTip(tip)
        field.setAccessibleName(text)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(field, row, 1)
        self._labels[field] = label

    def add_heading(self, text: str) -> QtWidgets.QLabel:
        """Say what the next rows are about."""
        label = QtWidgets.QLabel(text)
        font = label.font()
        font.setBold(True)
        label.setFont(font)
        label.setContentsMargins(0, 6, 0, 0)
        self._grid.addWidget(label, self._grid.rowCount(), 0, 1, 2)
        return label

    def grey(self, field: QtWidgets.QWidget, reason: str) -> None:
        """Let a field not be used, for a reason that becomes its tooltip; or be used again."""
        label = self._labels.get(field)
        for widget in filter(None, (field, label)):
            if reason and widget.isEnabled():
                self._tips[widget] = widget.toolTip()
            if bool(reason) == widget.isEnabled():
                widget.setEnabled(not reason)
                widget.setToolTip(reason or self._tips.pop(widget, ""))

    def set_shown(self, field: QtWidgets.QWidget, is_shown: bool) -> None:
        """Show a row or take it away."""
        field.setVisible(is_shown)
        if field in self._labels:
            self._labels[field].setVisible(is_shown)

    def align_with(self, *others: Rows) -> None:
        """Make the labels as wide as those of other columns, so that all fields line up."""
        width = max(rows.label_width() for rows in (self, *others))
        for rows in (self, *others):
            rows.set_label_width(width)

    def label_width(self) -> int:
        """The width of the widest label, in pixels."""
        return max(int(label.sizeHint().width()) for label in self._labels.values())

    def set_label_width(self, width: int) -> None:
        """Make the column of labels this wide, in pixels."""
        self._grid.setColumnMinimumWidth(0, width)
