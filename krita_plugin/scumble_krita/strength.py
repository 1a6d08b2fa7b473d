"""The strength: a slider and its number."""

from __future__ import annotations

from scumble_krita.number import WholeNumber
from scumble_krita.qt import Qt, QtCore, QtWidgets


class StrengthSlider(QtWidgets.QWidget):
    """A slider from 0 to 100 % with a field for the number.

    Args:
        name: The slider's name; the field's is `NAME_number`.
    """

    changed = QtCore.pyqtSignal()

    def __init__(self, name: str = "scumble_strength") -> None:
        super().__init__()
        self._slider = _Slider(Qt.Orientation.Horizontal)
        self._slider.setObjectName(name)
        self._slider.setMinimumWidth(40)
        self._slider.setRange(0, 100)
        self._slider.setPageStep(10)
        self._number = WholeNumber(f"{name}_number", 0, 100, " %")
        self._slider.valueChanged.connect(self._number.setValue)
        self._number.valueChanged.connect(self._slider.setValue)
        self._number.valueChanged.connect(lambda _: self.changed.emit())
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._slider, 1)
        row.addWidget(self._number)
        self.setFocusProxy(self._slider)

    def value(self) -> float:
        """The strength, 0 to 1."""
        return int(self._number.value()) / 100

    def set_value(self, strength: float) -> None:
        """Move both to this strength, 0 to 1."""
        self._number.setValue(round(strength * 100))


class _Slider(QtWidgets.QSlider):
    def wheelEvent(self, event: QtCore.QEvent) -> None:  # noqa: N802 (Qt's name)
        """Scroll the docker, rather than change a setting in passing."""
        event.ignore()
