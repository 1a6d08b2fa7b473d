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


class RimNumber(WholeNumber):
    """Pixels, or as many as suit the selection.

    Args:
        name: The widget's name.
        automatic: What it shows for the latter, below 0.
    """

    def __init__(self, name: str, automatic: str) -> None:
        super().__init__(name, -1, 1024, " px")
        self.setSpecialValueText(automatic)

    def value(self) -> int | None:
        """The number; None for what suits the selection."""
        number = int(super().value())
        return None if number < 0 else number

    def set_value(self, value: float | None) -> None:
        """Show a number, or none."""
        self.setValue(-1 if value is None else round(value))


class RealNumber(QtWidgets.QDoubleSpinBox):
    """A number with some digits behind the point; other arguments are as for `WholeNumber`."""

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        step: float,
        suffix: str = "",
        *,
        digits: int = 1,
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setDecimals(digits)  # first, or the range would be rounded to fewer
        self.setRange(low, high)
        self.setSingleStep(step)
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
