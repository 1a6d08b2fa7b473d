"""The light that says whether there is a server."""

from __future__ import annotations

from scumble_krita.qt import Qt, QtCore, QtGui, QtWidgets
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import Light, View

# The only colours that no theme gives: a light is green or it is out, and amber in between.
_ON = "#3fb950"
_STARTING = "#d9a72b"


class ConnectionLight(QtWidgets.QAbstractButton):
    """A small lamp; its tooltip says more, and pressing it opens the dialog about the server.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self.setObjectName("scumble_light")
        self._tr = tr
        self._light = Light.OFF
        self._is_starting = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Fixed, QtWidgets.QSizePolicy.Policy.Fixed)

    def show_view(self, view: View) -> None:
        """Show what the view says of the server."""
        self._light, self._is_starting = view.light, view.is_starting
        self.setToolTip(view.light_text)
        self.setAccessibleName(view.light_text)
        self.update()

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802 (Qt's name)
        """As large as a letter."""
        side = self.fontMetrics().height()
        return QtCore.QSize(side, side)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """A disc with a rim: full when on, hollow when off."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        side = self.fontMetrics().ascent() * 0.8
        disc = QtCore.QRectF(0, 0, side, side)
        disc.moveCenter(QtCore.QRectF(self.rect()).center())
        rim = self.palette().windowText().color()
        rim.setAlphaF(0.55)
        painter.setPen(QtGui.QPen(rim, 1))
        color = _ON if self._light is Light.ON else _STARTING if self._is_starting else ""
        if color:
            painter.setBrush(QtGui.QColor(color))
        painter.drawEllipse(disc)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QtGui.QPen(self.palette().highlight().color(), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
