"""The strip of variations that are in the picture."""

from __future__ import annotations

from collections.abc import Callable

from scumble_krita.qt import Qt, QtCore, QtGui, QtWidgets
from scumble_krita.thumbnails import IS_SHOWN, ThumbnailDelegate, image_of
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.recall import recall
from scumble_protocol.errors import ScumbleError
from scumble_protocol.pixels import Pixels

Load = Callable[[Variation, int], Pixels]
"""Gives a variation's picture, at most so many pixels wide and high."""


class VariationStrip(QtWidgets.QListWidget):
    """Click shows a variation, double click keeps it; more by right click.

    Args:
        tr: Translates.
    """

    shown = QtCore.pyqtSignal(object)
    kept = QtCore.pyqtSignal(object)
    reused = QtCore.pyqtSignal(object)
    """The painter wants these settings, those of a variation, in the form."""

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self.setObjectName("scumble_variations")
        self.setAccessibleName(tr("Variations in this picture"))
        self._tr = tr
        self._variations: tuple[Variation, ...] = ()
        self._images: dict[tuple[str, str], QtGui.QImage] = {}
        self._side = 4 * self.fontMetrics().height()
        self.setItemDelegate(ThumbnailDelegate(self._side, self))
        self.setFlow(QtWidgets.QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QtWidgets.QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.horizontalScrollBar().rangeChanged.connect(self._fit)
        self._fit()
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.itemClicked.connect(lambda item: self.shown.emit(_of(item)))
        self.itemDoubleClicked.connect(lambda item: self.kept.emit(_of(item)))
        self.hide()

    def show_variations(self, variations: tuple[Variation, ...], load: Load) -> None:
        """Show these; `load` is called for those that are new."""
        if variations == self._variations:
            return
        keys = [(variation.group, variation.layer) for variation in variations]
        before = [(variation.group, variation.layer) for variation in self._variations]
        self._variations = variations
        self._images = {key: image for key, image in self._images.items() if key in keys}
        if keys != before:
            self.clear()
            for variation in variations:
                self.addItem(self._item(variation))
        for row, variation in enumerate(variations):
            item = self.item(row)
            item.setData(Qt.ItemDataRole.UserRole, variation)
            item.setData(IS_SHOWN, variation.is_visible)
            item.setData(Qt.ItemDataRole.DecorationRole, self._image(variation, load))
        self.setVisible(bool(variations))

    def _fit(self) -> None:
        """As high as a thumbnail, and the scroll bar where one is needed."""
        bar = self.horizontalScrollBar()
        margin = self._side + 8 + 2 * self.frameWidth()
        self.setFixedHeight(margin + (bar.sizeHint().height() if bar.maximum() else 0))

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Space shows what the arrows reached; Return keeps it, as a double click does."""
        item = self.currentItem()
        if event.key() == Qt.Key.Key_Space and item is not None:
            self.shown.emit(_of(item))
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and item is not None:
            self.kept.emit(_of(item))
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """Any wheel moves along the strip as long as there is more of it."""
        bar = self.horizontalScrollBar()
        if bar.maximum() == 0:
            event.ignore()
            return
        turned = event.angleDelta()
        bar.setValue(bar.value() - (turned.y() or turned.x()))
        event.accept()

    def _item(self, variation: Variation) -> QtWidgets.QListWidgetItem:
        item = QtWidgets.QListWidgetItem()
        settings = recall(variation)
        prompt = settings.prompt.strip() if settings else ""
        usage = self._tr("Click to show it, double-click to keep it alone.")
        item.setToolTip("\n".join(filter(None, (variation.name, prompt, usage))))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, variation.name)
        return item

    def _image(self, variation: Variation, load: Load) -> QtGui.QImage | None:
        key = variation.group, variation.layer
        if key not in self._images:
            try:
                side = round(self._side * self.devicePixelRatioF())
                self._images[key] = image_of(load(variation, side))
            except ScumbleError:  # gone since it was listed; the next list won't have it
                return None
        return self._images[key]

    def _menu(self, at: QtCore.QPoint) -> None:
        item = self.itemAt(at)
        if item is None:
            return
        menu = self.menu_of(item.data(Qt.ItemDataRole.UserRole))
        menu.popup(self.viewport().mapToGlobal(at))  # `exec` would stop everything else

    def menu_of(self, variation: Variation) -> QtWidgets.QMenu:
        """The menu of a variation."""
        settings = recall(variation)
        menu = QtWidgets.QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        show = menu.addAction(self._tr("Show this one"))
        show.triggered.connect(lambda: self.shown.emit(variation))
        keep = menu.addAction(self._tr("Keep it and hide the others"))
        keep.triggered.connect(lambda: self.kept.emit(variation))
        menu.addSeparator()
        reuse = menu.addAction(self._tr("Use its settings again"))
        copy = menu.addAction(self._tr("Copy its seed"))
        if settings is None:
            reuse.setEnabled(False)
            copy.setEnabled(False)
        else:
            clipboard = QtWidgets.QApplication.clipboard()
            reuse.triggered.connect(lambda: self.reused.emit(settings))
            copy.triggered.connect(lambda: clipboard.setText(str(settings.seed)))
        return menu


def _of(item: QtWidgets.QListWidgetItem) -> Variation:
    variation: Variation = item.data(Qt.ItemDataRole.UserRole)
    return variation
