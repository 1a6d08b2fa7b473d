"""How long the prompt is for the model, under the prompt."""

from __future__ import annotations

from scumble_krita.prompt import PromptEdit
from scumble_krita.qt import Qt, QtWidgets
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.prompt_words import measured_line
from scumble_protocol.editor.view import View


class TokenLine(QtWidgets.QLabel):
    """A line that is always there below a prompt, so that nothing jumps while one writes.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        super().__init__("A")
        self._tr = tr
        self.setObjectName("scumble_tokens")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(1)
        self.setMinimumHeight(self.sizeHint().height())
        self.clear()

    def show_view(self, view: View, prompt: PromptEdit) -> None:
        """Show what was measured, and let the prompt propose names."""
        self.setText(measured_line(view.measured, self._tr) if view.measured else "")
        prompt.names = view.names

    def follow(self, prompt: PromptEdit) -> None:
        """Be there where the prompt is."""
        self.setVisible(not prompt.isHidden())
