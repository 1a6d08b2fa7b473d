"""How the strip of variations draws one of them."""

from __future__ import annotations

from scumble_krita.qt import Qt, QtCore, QtGui, QtWidgets
from scumble_protocol.pixels import Pixels

IS_SHOWN = Qt.ItemDataRole.UserRole + 1
"""Whether the variation is visible in the picture."""

_VEIL = 0.6
"""How much of the ground covers what is hidden."""

_CHECK = 6
"""The side of a square of the board behind transparent pixels."""


def image_of(pixels: Pixels) -> QtGui.QImage:
    """The pixels, `rgba8`, as an image of its own memory."""
    size = pixels.size
    return QtGui.QImage(
        pixels.data, size.width, size.height, size.width * 4, QtGui.QImage.Format.Format_RGBA8888
    ).copy()


class ThumbnailDelegate(QtWidgets.QStyledItemDelegate):
    """A picture on a checkerboard; dim if its layer is hidden, framed if it is shown.

    Args:
        side: The longest side of the pictures, in pixels.
        parent: Owns it.
    """

    def __init__(self, side: int, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self._side = side

    def sizeHint(  # noqa: N802 (Qt's name)
        self,
        option: QtWidgets.QStyleOptionViewItem,
        index: QtCore.QModelIndex,
    ) -> QtCore.QSize:
        """A square with room for the frame."""
        return QtCore.QSize(self._side + 8, self._side + 8)

    def paint(
        self,
        painter: QtGui.QPainter,
        option: QtWidgets.QStyleOptionViewItem,
        index: QtCore.QModelIndex,
    ) -> None:
        """Draw it."""
        painter.save()
        is_shown = bool(index.data(IS_SHOWN))
        image = index.data(Qt.ItemDataRole.DecorationRole)
        place = QtCore.QRectF(option.rect).adjusted(4, 4, -4, -4)
        if isinstance(image, QtGui.QImage):
            place = _fitted(image, place)
            painter.fillRect(place, _board(option.palette))
            painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, image)
            if not is_shown:
                veil = QtGui.QColor(option.palette.color(QtGui.QPalette.ColorRole.Base))
                veil.setAlphaF(_VEIL)
                painter.fillRect(place, veil)
        painter.setPen(_frame(option, is_shown=is_shown))
        painter.drawRect(place.adjusted(-1.5, -1.5, 1.5, 1.5))
        painter.restore()


def _fitted(image: QtGui.QImage, place: QtCore.QRectF) -> QtCore.QRectF:
    size = QtCore.QSizeF(image.size()).scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    fitted = QtCore.QRectF(QtCore.QPointF(0, 0), size)
    fitted.moveCenter(place.center())
    return fitted


def _board(palette: QtGui.QPalette) -> QtGui.QBrush:
    tile = QtGui.QPixmap(2 * _CHECK, 2 * _CHECK)
    tile.fill(palette.color(QtGui.QPalette.ColorRole.Light))
    painter = QtGui.QPainter(tile)
    dark = palette.color(QtGui.QPalette.ColorRole.Mid)
    painter.fillRect(0, 0, _CHECK, _CHECK, dark)
    painter.fillRect(_CHECK, _CHECK, _CHECK, _CHECK, dark)
    painter.end()
    return QtGui.QBrush(tile)


def _frame(option: QtWidgets.QStyleOptionViewItem, *, is_shown: bool) -> QtGui.QPen:
    state = QtWidgets.QStyle.StateFlag
    is_at = bool(option.state & (state.State_Selected | state.State_MouseOver))
    if is_shown or is_at:
        return QtGui.QPen(option.palette.color(QtGui.QPalette.ColorRole.Highlight), 2)
    return QtGui.QPen(option.palette.color(QtGui.QPalette.ColorRole.Mid), 1)
