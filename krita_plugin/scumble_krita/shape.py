"""The shape of a selection, which a preview keeps to."""

from __future__ import annotations

from dataclasses import dataclass

from scumble_krita.qt import QtGui
from scumble_protocol.editor.canvas import Canvas
from scumble_protocol.geometry import Rect

_MOST_SIDE = 1024
"""Previews are coarse, so that a shape need not be finer than this, in pixels."""


@dataclass(frozen=True)
class Shape:
    """What was selected.

    Args:
        rect: Its bounds in canvas pixels.
        image: How much of each place in there, as an image of opacity alone.
    """

    rect: Rect
    image: QtGui.QImage


def selected_shape(canvas: Canvas) -> Shape | None:
    """The shape of what is selected now; None if that is nothing or everything."""
    rect = canvas.selection()
    if rect is None or rect == Rect.of(canvas.bounds()):
        return None
    mask = canvas.read_mask(rect)
    step = -(-max(rect.width, rect.height) // _MOST_SIDE)
    # Told that a line is `step` lines long, Qt passes over those between at no cost.
    rows = QtGui.QImage(
        mask.data,
        rect.width,
        -(-rect.height // step),
        rect.width * step,
        QtGui.QImage.Format.Format_Alpha8,
    )
    small = rows.scaled(-(-rect.width // step), rows.height())
    return Shape(rect, small.convertToFormat(QtGui.QImage.Format.Format_ARGB32_Premultiplied))
