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


def cross(path: QtGui.QPainterPath) -> None:
    """Two crossing lines: away with it."""
    _lines(path, ((4, 4), (12, 12)), ((12, 4), (4, 12)))


def plus(path: QtGui.QPainterPath) -> None:
    """One more."""
    _lines(path, ((8, 3), (8, 13)), ((3, 8), (13, 8)))


def sliders(path: QtGui.QPainterPath) -> None:
    """Three sliders: there is more to be set."""
    _lines(path, ((2, 4), (14, 4)), ((2, 8), (14, 8)), ((2, 12), (14, 12)))
    for x, y in ((10, 4), (5, 8), (11, 12)):
        path.addEllipse(QtCore.QPointF(x, y), 2, 2)
    path.setFillRule(Qt.FillRule.WindingFill)


def mask(path: QtGui.QPainterPath) -> None:
    """A dashed circle with something inside: what is selected."""
    ring = QtGui.QPainterPath()
    ring.addEllipse(QtCore.QRectF(2, 2, 12, 12))
    pen = QtGui.QPainterPathStroker()
    pen.setWidth(1.7)
    pen.setDashPattern([1.8, 1.3])
    path.addPath(pen.createStroke(ring))
    path.addEllipse(QtCore.QPointF(8, 8), 2.6, 2.6)


def _lines(path: QtGui.QPainterPath, *lines: tuple[tuple[int, int], tuple[int, int]]) -> None:
    stroke = QtGui.QPainterPath()
    for begin, end in lines:
        stroke.moveTo(*begin)
        stroke.lineTo(*end)
    pen = QtGui.QPainterPathStroker()
    pen.setWidth(1.7)
    path.addPath(pen.createStroke(stroke).simplified())


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
