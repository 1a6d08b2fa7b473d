"""Results that wait for the picture."""

from __future__ import annotations

from functools import partial

from scumble_krita.qt import QtCore, QtWidgets
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import Offer


class Offers(QtWidgets.QWidget):
    """A sentence and two buttons for each.

    Args:
        tr: Translates.
    """

    inserted = QtCore.pyqtSignal(str)
    """The painter wants the result of this job in the picture."""
    dropped = QtCore.pyqtSignal(str)
    """The painter does not want the result of this job at all."""

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self.setObjectName("scumble_offers")
        self._tr = tr
        self._shown: tuple[Offer, ...] = ()
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.hide()

    def show_offers(self, offers: tuple[Offer, ...]) -> bool:
        """Show these; whether they are others than before."""
        if offers == self._shown:
            return False
        self._shown = offers
        while self._column.count():
            self._column.takeAt(0).widget().deleteLater()
        for offer in offers:
            self._column.addWidget(self._frame(offer))
        self.setVisible(bool(offers))
        return True

    def _frame(self, offer: Offer) -> QtWidgets.QFrame:
        frame = QtWidgets.QFrame()
        frame.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        text = QtWidgets.QLabel(offer.text)
        text.setWordWrap(True)
        text.setMinimumWidth(1)
        insert = QtWidgets.QPushButton(self._tr("Insert"))
        insert.setObjectName("scumble_insert")
        insert.clicked.connect(partial(self._emit, self.inserted, offer.job))
        drop = QtWidgets.QPushButton(self._tr("Drop"))
        drop.setObjectName("scumble_drop")
        drop.setToolTip(self._tr("Throw this result away"))
        drop.clicked.connect(partial(self._emit, self.dropped, offer.job))
        grid = QtWidgets.QGridLayout(frame)
        grid.addWidget(text, 0, 0, 1, 2)
        grid.addWidget(insert, 1, 0)
        grid.addWidget(drop, 1, 1)
        return frame

    @staticmethod
    def _emit(signal: QtCore.pyqtBoundSignal, job: str, *_: object) -> None:
        signal.emit(job)
