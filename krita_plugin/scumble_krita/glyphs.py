"""Small drawn signs on buttons, which follow the theme's colours and any screen density."""

from __future__ import annotations

from collections.abc import Callable

from scumble_krita.qt import Qt, QtCore, QtGui, QtWidgets

Draw = Callable[[QtGui.QPainterPath], None]
"""Adds a sign to a path, inside the square from (0, 0) to (16, 16)."""


def dice(path: QtGui.QPainterPath) -> None:
    """A die that shows five."""
    path.addRoundedRect(QtCore.QRectF(1.5, 1.5, 13, 13), 3, 3)
    for x, y in ((5, 5), (11, 5), (8, 8), (5, 11), (11, 11)):
        path.addEllipse(QtCore.QPointF(x, y), 1.3, 1.3)


def stop(path: QtGui.QPainterPath) -> None:
    """A square, as on every player."""
    path.addRoundedRect(QtCore.QRectF(3, 3, 10, 10), 1.5, 1.5)


def closed_lock(path: QtGui.QPainterPath) -> None:
    """A padlock that is shut."""
    _body(path)
    _shackle(path, QtCore.QRectF(4.5, 1.5, 7, 9))


def open_lock(path: QtGui.QPainterPath) -> None:
    """A padlock whose shackle hangs to the side."""
    _body(path)
    _shackle(path, QtCore.QRectF(8.5, 1.5, 7, 9))


def _body(path: QtGui.QPainterPath) -> None:
    path.addRoundedRect(QtCore.QRectF(2.5, 7.5, 11, 7), 1.5, 1.5)
    path.addEllipse(QtCore.QPointF(8, 11), 1.2, 1.2)


def _shackle(path: QtGui.QPainterPath, box: QtCore.QRectF) -> None:
    stroke = QtGui.QPainterPath()
    stroke.moveTo(box.left(), 7.5)
    stroke.lineTo(box.left(), box.center().y() - 1)
    stroke.arcTo(QtCore.QRectF(box.left(), box.top(), box.width(), box.width()), 180, -180)
    stroke.lineTo(box.right(), 7.5)
    pen = QtGui.QPainterPathStroker()
    pen.setWidth(1.7)
    path.addPath(pen.createStroke(stroke))


class GlyphButton(QtWidgets.QToolButton):
    """A flat button with a drawn sign.

    Args:
        draw: Draws it.
        name: What the button does, for those who can't see the sign.
    """

    def __init__(self, draw: Draw, name: str) -> None:
        super().__init__()
        self.draw = draw
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802 (Qt's name)
        """A square as high as a line of text with a margin."""
        side = self.fontMetrics().height() + 8
        return QtCore.QSize(side, side)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The style's button, and the sign in the colour of its text."""
        super().paintEvent(event)
        side = self.fontMetrics().height()
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.translate((self.width() - side) / 2, (self.height() - side) / 2)
        painter.scale(side / 16, side / 16)
        path = QtGui.QPainterPath()
        path.setFillRule(Qt.FillRule.OddEvenFill)
        self.draw(path)
        state = QtGui.QPalette.ColorGroup
        group = state.Active if self.isEnabled() else state.Disabled
        role = QtGui.QPalette.ColorRole.ButtonText
        painter.fillPath(path, self.palette().brush(group, role))
        painter.end()
