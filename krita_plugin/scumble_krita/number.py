"""Fields for numbers that do not change when the docker is scrolled over them."""

from __future__ import annotations

from scumble_krita.qt import Qt, QtCore, QtWidgets


class WholeNumber(QtWidgets.QSpinBox):
    """A whole number.

    Args:
        name: The widget's name.
        low: The least that it can be.
        high: The most.
        suffix: Its unit.
    """

    def __init__(self, name: str, low: int, high: int, suffix: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setRange(low, high)
        self.setSuffix(suffix)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_value(self, value: float) -> None:
        """Show a number, rounded."""
        self.setValue(round(value))

    def wheelEvent(self, event: QtCore.QEvent) -> None:  # noqa: N802 (Qt's name)
        """The wheel counts only where the painter is."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class RealNumber(QtWidgets.QDoubleSpinBox):
    """A number with one digit behind the point; arguments as for `WholeNumber`."""

    def __init__(self, name: str, low: float, high: float, step: float, suffix: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setDecimals(1)
        self.setSuffix(suffix)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_value(self, value: float) -> None:
        """Show a number."""
        self.setValue(value)

    def wheelEvent(self, event: QtCore.QEvent) -> None:  # noqa: N802 (Qt's name)
        """The wheel counts only where the painter is."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
