"""The preview of a running job, painted over the canvas and never into the picture.

See `docs/decisions/0030-previews-are-an-overlay.md`.
"""

from __future__ import annotations

from collections.abc import Callable

from scumble_krita.qt import Qt, QtCore, QtGui, QtWidgets
from scumble_krita.shape import Shape
from scumble_krita.thumbnails import image_of
from scumble_krita.viewport import Placement
from scumble_protocol.editor.guard import Guard
from scumble_protocol.editor.view import PreviewView
from scumble_protocol.geometry import Rect

_FOLLOW_MS = 33
_WHERE_OPAQUE = QtGui.QPainter.CompositionMode.CompositionMode_DestinationIn
_OVER = QtGui.QPainter.CompositionMode.CompositionMode_SourceOver


class PreviewOverlay(QtWidgets.QWidget):
    """Lies over a canvas, lets all input through, and follows zoom, rotation and scrolling.

    Args:
        area: The viewport to lie over.
        locate: Says how the canvas shows the picture now; asked some 30 times a second while there
            is a preview, and not at all else.
        guard: Takes what goes wrong there.
    """

    def __init__(
        self, area: QtWidgets.QWidget, locate: Callable[[], Placement], guard: Guard
    ) -> None:
        super().__init__(area)
        self.setObjectName("scumble_preview")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._locate = locate
        self._preview: PreviewView | None = None
        self._image = QtGui.QImage()
        self._shape: Shape | None = None
        self._placement: Placement | None = None
        self._drawn: QtGui.QPixmap | None = None
        self._follower = QtCore.QTimer(self)
        self._follower.setInterval(_FOLLOW_MS)
        self._follower.timeout.connect(guard(self.follow))
        self.hide()

    def show_preview(self, preview: PreviewView | None, shape: Shape | None = None) -> None:
        """Show this preview where the shape lets it through, or no preview."""
        if preview is self._preview:
            return
        self._preview = preview
        self._shape = shape
        self._drawn = None
        if preview is None:
            self._follower.stop()
            self.hide()
            return
        fast = QtGui.QImage.Format.Format_ARGB32_Premultiplied
        self._image = image_of(preview.pixels).convertToFormat(fast)
        self._placement = None
        self.follow()
        self._follower.start()

    def follow(self) -> None:
        """Look where the picture is now, and be there."""
        placement = self._locate()
        if placement == self._placement or self._preview is None:
            return
        self._placement = placement
        self._drawn = None
        box = placement.transform().mapRect(self._rect())
        box = box.adjusted(-2, -2, 2, 2).toAlignedRect()
        visible = box.intersected(QtCore.QRect(0, 0, *placement.area))
        self.setGeometry(visible)
        self.setVisible(not visible.isEmpty())
        self.raise_()
        self.update()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The preview as it was drawn last, since the canvas below repaints often."""
        painter = QtGui.QPainter(self)
        if self._drawn is None:
            self._drawn = self._draw()
        painter.drawPixmap(0, 0, self._drawn)
        painter.end()

    def _rect(self) -> QtCore.QRectF:
        """What is covered of the picture, in its pixels."""
        if self._preview is None:
            return QtCore.QRectF()
        return _box(self._shape.rect if self._shape else self._preview.rect)

    def _draw(self) -> QtGui.QPixmap:
        """The visible part of the preview with its frame, in pixels of the screen."""
        density = self.devicePixelRatioF()
        pixmap = QtGui.QPixmap(self.size() * density)
        pixmap.setDevicePixelRatio(density)
        pixmap.fill(Qt.GlobalColor.transparent)
        if self._placement is None or self._preview is None:
            return pixmap
        painter = QtGui.QPainter(pixmap)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        to_widget = self._placement.transform() * QtGui.QTransform.fromTranslate(
            -self.x(), -self.y()
        )
        painter.setTransform(to_widget)
        painter.setClipRect(self._rect())
        painter.drawImage(_box(self._preview.rect), self._image)
        if self._shape:
            painter.setCompositionMode(_WHERE_OPAQUE)
            painter.drawImage(self._rect(), self._shape.image)
            painter.setCompositionMode(_OVER)
        painter.setClipping(False)
        painter.resetTransform()
        self._draw_frame(painter, to_widget.mapToPolygon(self._rect().toRect()))
        painter.end()
        return pixmap

    def _draw_frame(self, painter: QtGui.QPainter, corners: QtGui.QPolygon) -> None:
        """Dashes that can be seen on any picture: light ones on a dark line."""
        palette = self.palette()
        for role, style in (
            (QtGui.QPalette.ColorRole.Window, Qt.PenStyle.SolidLine),
            (QtGui.QPalette.ColorRole.WindowText, Qt.PenStyle.DashLine),
        ):
            pen = QtGui.QPen(palette.color(role), 1, style)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawPolygon(corners)


def _box(rect: Rect) -> QtCore.QRectF:
    return QtCore.QRectF(rect.x, rect.y, rect.width, rect.height)
