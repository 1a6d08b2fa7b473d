"""What to do when no server answers."""

from __future__ import annotations

from scumble_krita.qt import QtCore, QtWidgets
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import Light, View


class ServerButtons(QtWidgets.QFrame):
    """Says that there is no server, and offers to start one; not there while one answers.

    Args:
        tr: Translates.
    """

    start_wanted = QtCore.pyqtSignal()
    log_wanted = QtCore.pyqtSignal()
    choice_wanted = QtCore.pyqtSignal()
    """The painter wants to use another server."""

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self.setObjectName("scumble_server")
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self._text = QtWidgets.QLabel()
        self._text.setWordWrap(True)
        self._text.setMinimumWidth(1)
        self._start = QtWidgets.QPushButton(tr("Start server"))
        self._start.setObjectName("scumble_start_server")
        self._log = QtWidgets.QPushButton(tr("Show log"))
        self._log.setObjectName("scumble_show_log")
        self._choice = QtWidgets.QPushButton(tr("Server …"))
        self._choice.setObjectName("scumble_choose_server")
        self._choice.setToolTip(tr("Which server Scumble uses"))
        self._choice.clicked.connect(self.choice_wanted)
        self._start.clicked.connect(self.start_wanted)
        self._log.clicked.connect(self.log_wanted)
        grid = QtWidgets.QGridLayout(self)
        grid.addWidget(self._text, 0, 0, 1, 2)
        grid.addWidget(self._start, 1, 0)
        grid.addWidget(self._log, 1, 1)
        grid.addWidget(self._choice, 2, 0, 1, 2)

    def show_view(self, view: View) -> None:
        """Show what can be done about the server."""
        self._text.setText(view.light_text)
        self._start.setVisible(view.can_start_server)
        self._start.setEnabled(not view.is_starting)
        self._log.setVisible(view.can_start_server)
        self.setVisible(view.light is Light.OFF)
