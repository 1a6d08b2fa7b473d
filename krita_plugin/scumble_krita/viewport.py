"""Where a pixel of the picture is on the screen.

Krita 5 has no function for that. What it has are the zoom, the rotation and the mirroring of a
canvas, and the scroll bars around it. They suffice: the picture is scaled, mirrored and rotated in
that order, and the top left corner of the rectangle around it lies at minus the values of the
scroll bars.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scumble_krita.qt import QtCore, QtGui, QtWidgets

_POINTS_PER_INCH = 72


@dataclass(frozen=True)
class Placement:
    """How a canvas shows its picture at a moment.

    Args:
        scale: Widget pixels per picture pixel.
        rotation: Degrees, clockwise.
        is_mirrored: Whether left and right are exchanged.
        scrolled: The values of both scroll bars.
        size: The picture's size in pixels.
        area: The size of the canvas's widget.
    """

    scale: float
    rotation: float
    is_mirrored: bool
    scrolled: tuple[int, int]
    size: tuple[int, int]
    area: tuple[int, int]

    def transform(self) -> QtGui.QTransform:
        """From pixels of the picture to the canvas's widget."""
        turn = QtGui.QTransform()
        turn.rotate(self.rotation)
        turn.scale(-self.scale if self.is_mirrored else self.scale, self.scale)
        corner = turn.mapRect(QtCore.QRectF(0, 0, *self.size)).topLeft()
        x, y = self.scrolled
        return turn * QtGui.QTransform.fromTranslate(-corner.x() - x, -corner.y() - y)


def placement(view: Any, document: Any, area: QtWidgets.QAbstractScrollArea) -> Placement:
    """How a view shows its document now.

    Args:
        view: Krita's `View`.
        document: Krita's `Document`.
        area: The scroll area around the view's canvas.
    """
    canvas = view.canvas()
    # `zoomLevel` counts in points of the document, which has `resolution` pixels an inch. It is in
    # the widget's own pixels, also where the screen has several to each of them.
    return Placement(
        scale=canvas.zoomLevel() * _POINTS_PER_INCH / document.resolution(),
        rotation=canvas.rotation(),
        is_mirrored=canvas.mirror(),
        scrolled=(area.horizontalScrollBar().value(), area.verticalScrollBar().value()),
        size=(document.width(), document.height()),
        area=(area.viewport().width(), area.viewport().height()),
    )
