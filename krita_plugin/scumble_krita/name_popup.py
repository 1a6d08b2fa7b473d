"""A list of names under the cursor of a prompt, while one of them is being written."""

from __future__ import annotations

from scumble_krita.qt import Qt, QtCore, QtGui, QtWidgets
from scumble_protocol.editor.completion import Completion


class NamePopup:
    """Proposes names; Return, Tab or a click takes one, Escape none.

    Args:
        field: The field that is written in.
    """

    def __init__(self, field: QtWidgets.QPlainTextEdit) -> None:
        self._field = field
        self._names = QtCore.QStringListModel(field)
        self._completer = QtWidgets.QCompleter(self._names, field)
        self._completer.setWidget(field)
        self._completer.setCompletionMode(
            QtWidgets.QCompleter.CompletionMode.UnfilteredPopupCompletion
        )
        self._completer.activated[str].connect(self._take)
        self._completer.popup().setObjectName("scumble_names")
        self._shown: Completion | None = None

    def show(self, completion: Completion | None) -> None:
        """Propose these, or nothing."""
        self._shown = completion
        popup = self._completer.popup()
        if completion is None:
            popup.hide()
            return
        self._names.setStringList(list(completion.options))
        at = self._field.cursorRect()
        at.setWidth(popup.sizeHintForColumn(0) + popup.verticalScrollBar().sizeHint().width() + 12)
        self._completer.complete(at)
        popup.setCurrentIndex(self._names.index(0))

    def takes(self, event: QtGui.QKeyEvent) -> bool:
        """Whether the list, which gets every key first, is to have this one."""
        keys = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Escape}
        return bool(self._completer.popup().isVisible() and event.key() in keys)

    def _take(self, name: str) -> None:
        if self._shown is None or name not in self._shown.options:
            return
        cursor = self._field.textCursor()
        move = QtGui.QTextCursor.MoveOperation.Left
        cursor.movePosition(move, QtGui.QTextCursor.MoveMode.KeepAnchor, self._shown.begun)
        cursor.insertText(self._shown.options[name])
        self._field.setTextCursor(cursor)
