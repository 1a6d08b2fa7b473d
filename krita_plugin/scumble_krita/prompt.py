"""The field for a prompt, with a history behind it."""

from __future__ import annotations

from scumble_krita.file_drop import dropped_file
from scumble_krita.name_popup import NamePopup
from scumble_krita.qt import Qt, QtCore, QtGui, QtWidgets
from scumble_protocol.editor.completion import completion
from scumble_protocol.editor.history import PromptHistory
from scumble_protocol.messages import Names


class PromptEdit(QtWidgets.QPlainTextEdit):
    """Text of some lines that grows with what is written.

    In its first line ↑ goes back through earlier prompts, in its last line ↓ forth again. Tab
    leaves the field.

    Args:
        name: The widget's name.
        lines: How many lines it shows at least, and at most.
        title: What screen readers call it.
    """

    submitted = QtCore.pyqtSignal()
    """Ctrl+Return was pressed."""
    file_dropped = QtCore.pyqtSignal(object)
    """A file's path was dropped here."""

    def __init__(self, name: str, lines: tuple[int, int], title: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.names: Names | None = None
        self._popup = NamePopup(self)
        self._history = PromptHistory()
        self._lines = lines
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def event(self, event: QtCore.QEvent) -> bool:
        """Ctrl+Return is for this field, though Krita has an action for it."""
        if event.type() == QtCore.QEvent.Type.ShortcutOverride and _submits(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """The keys that mean something here; all others write."""
        if self._popup.takes(event):
            event.ignore()  # then the list has it
            return
        key, modifiers = event.key(), event.modifiers()
        if _submits(event):
            self.submitted.emit()
            return
        if modifiers in {Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier}:
            is_up = key == Qt.Key.Key_Up and self._is_at_edge(up=True)
            is_down = key == Qt.Key.Key_Down and self._is_at_edge(up=False)
            if is_up and self._walk(self._history.older(self.text())):
                return
            if is_down and self._walk(self._history.newer(self.text())):
                return
        super().keyPressEvent(event)
        if event.text():
            self._propose()

    def dragEnterEvent(self, event: QtGui.QDragEnterEvent) -> None:  # noqa: N802 (Qt's name)
        """Text may be dropped to be written, and a picture's file to have its settings."""
        if dropped_file(event.mimeData()) is None:
            super().dragEnterEvent(event)
        else:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QtGui.QDragMoveEvent) -> None:  # noqa: N802 (Qt's name)
        """As above."""
        if dropped_file(event.mimeData()) is None:
            super().dragMoveEvent(event)
        else:
            event.acceptProposedAction()

    def dropEvent(self, event: QtGui.QDropEvent) -> None:  # noqa: N802 (Qt's name)
        """As above; the path of a file is no prompt."""
        file = dropped_file(event.mimeData())
        if file is None:
            super().dropEvent(event)
        else:
            event.acceptProposedAction()
            self.file_dropped.emit(file)

    def text(self) -> str:
        """What is written."""
        return str(self.toPlainText())

    def set_text(self, text: str) -> None:
        """Write something else, where undo brings back what was there."""
        if text != self.text():
            cursor = QtGui.QTextCursor(self.document())
            cursor.select(QtGui.QTextCursor.SelectionType.Document)
            cursor.insertText(text)
        self.moveCursor(QtGui.QTextCursor.MoveOperation.End)

    def used(self, history: tuple[str, ...]) -> None:
        """The history is this now, the newest first, and what is written no draft any more."""
        self._history.used(history)

    def _propose(self) -> None:
        cursor = self.textCursor()
        before = self.text()[: cursor.position()]
        self._popup.show(completion(before, self.names) if before else None)

    def _is_at_edge(self, *, up: bool) -> bool:
        """Whether the cursor can't go further that way, wrapped lines counted."""
        move = QtGui.QTextCursor.MoveOperation
        return not self.textCursor().movePosition(move.Up if up else move.Down)

    def _walk(self, prompt: str | None) -> bool:
        """Show a prompt of the history; whether there is one."""
        if prompt is not None:
            self.set_text(prompt)
        return prompt is not None

    def _fit(self) -> None:
        low, high = self._lines
        written = int(self.document().size().height())
        lines = min(max(written, low), high)
        around = 2 * (self.frameWidth() + int(self.document().documentMargin()))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + around + 2)
        # One that is there "as needed" shows up in fields of a single line.
        policy = Qt.ScrollBarPolicy
        needs_bar = written > high
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if needs_bar else policy.ScrollBarAlwaysOff
        )

    def changeEvent(self, event: QtCore.QEvent) -> None:  # noqa: N802 (Qt's name)
        """Another font needs another height."""
        super().changeEvent(event)
        if event.type() in {QtCore.QEvent.Type.FontChange, QtCore.QEvent.Type.StyleChange}:
            self._fit()


def _submits(event: QtGui.QKeyEvent) -> bool:
    is_return = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
    return is_return and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
