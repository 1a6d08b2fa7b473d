"""The dialog that says which server is used, and connects to another one."""

from __future__ import annotations

from functools import partial

from scumble_krita.line import Line
from scumble_krita.qt import Qt, QtCore, QtGui, QtWidgets
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import ServerItem, ServerView

_WIDTH = 22
"""The dialog's width in heights of a line, which keeps sentences readable."""


class ServerDialog(QtWidgets.QDialog):
    """Stays open while one works.

    Args:
        parent: The window that it belongs to.
        tr: Translates.
    """

    connect_wanted = QtCore.pyqtSignal(str, str)
    """The painter wants to be let in at this address with this code."""
    use_wanted = QtCore.pyqtSignal(str)
    """The painter wants to use this server, see `ServerItem.id`."""

    def __init__(self, parent: QtWidgets.QWidget | None, tr: Translate) -> None:
        super().__init__(parent)
        self.setObjectName("scumble_server_dialog")
        self.setWindowTitle(tr("Which server Scumble uses"))
        self._tr = tr
        self._shown: ServerView | None = None
        self._used = _sentence()
        self._others = QtWidgets.QVBoxLayout()
        self._address = Line("scumble_server_address", "gpu.local:7860")
        self._code = Line("scumble_server_code", "K7QF-2M9X")
        self._connect = QtWidgets.QPushButton(tr("Connect"))
        self._connect.setObjectName("scumble_server_connect")
        self._connect.setDefault(True)
        self._text = _sentence()
        self._text.setObjectName("scumble_server_text")
        self._used.setObjectName("scumble_server_used")
        self._connect.clicked.connect(self._try)
        for line in (self._address, self._code):
            line.textChanged.connect(self._show_button)
        self._lay_out()
        self._show_button()

    def show_view(self, view: ServerView) -> None:
        """Show this, as far as it is new."""
        if view == self._shown:
            return
        if self._shown is None or view.others != self._shown.others:
            self._offer(view.others)
        self._shown = view
        self._used.setText(view.used)
        self._text.setText(view.text)
        self._text.setVisible(bool(view.text))
        font = self._text.font()
        font.setBold(view.is_error)
        self._text.setFont(font)
        self._show_button()
        self._grow()

    def showEvent(self, event: QtGui.QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Only now is it known how much room sentences take."""
        super().showEvent(event)
        self._grow()

    def _grow(self) -> None:
        """Make room for all lines of the sentences; Qt counts on one line for each."""
        needed = self.layout().totalHeightForWidth(self.width())
        if self.isVisible() and needed > self.height():
            self.resize(self.width(), needed)

    def _offer(self, others: tuple[ServerItem, ...]) -> None:
        while self._others.count():
            self._others.takeAt(0).widget().deleteLater()
        for item in others:
            tr = self._tr
            text = tr("Use {name}", name=item.name) if item.id else tr("Use this computer")
            button = QtWidgets.QPushButton(text)
            button.setObjectName("scumble_use_server" if item.id else "scumble_use_this_computer")
            button.setAutoDefault(False)
            button.clicked.connect(partial(self._use, item.id))
            self._others.addWidget(button)

    def _use(self, server: str, *_: object) -> None:
        self.use_wanted.emit(server)

    def _try(self) -> None:
        self.connect_wanted.emit(self._address.text(), self._code.text())

    def _show_button(self) -> None:
        is_busy = self._shown is not None and self._shown.is_busy
        is_filled = bool(self._address.text().strip() and self._code.text().strip())
        self._connect.setEnabled(is_filled and not is_busy)

    def _lay_out(self) -> None:
        tr = self._tr
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self._used)
        column.addLayout(self._others)
        group = QtWidgets.QGroupBox(tr("Another computer"))
        rows = QtWidgets.QFormLayout(group)
        where = _sentence()
        where.setText(
            tr("Run `scumble pair` on the computer with the graphics card: it shows both.")
        )
        rows.addRow(where)
        rows.addRow(tr("Address"), self._address)
        rows.addRow(tr("Code"), self._code)
        rows.addRow(self._connect)
        rows.addRow(self._text)
        column.addWidget(group)
        column.addStretch(1)
        close = QtWidgets.QPushButton(tr("Close"))
        close.setObjectName("scumble_server_close")
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.resize(_WIDTH * self.fontMetrics().height(), self.sizeHint().height())


def _sentence() -> QtWidgets.QLabel:
    label = QtWidgets.QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
