"""How long the prompt is for the model, under the prompt."""

from __future__ import annotations

from scumble_krita.prompt import PromptEdit
from scumble_krita.qt import Qt, QtWidgets
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.prompt_words import measured_line
from scumble_protocol.editor.view import View


class TokenLine(QtWidgets.QLabel):
    """A small line, which is gone while nothing is known.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self._tr = tr
        self.setObjectName("scumble_tokens")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(1)
        self.hide()

    def show_view(self, view: View, prompt: PromptEdit) -> None:
        """Show what was measured, and let the prompt propose names."""
        text = measured_line(view.measured, self._tr) if view.measured else ""
        self.setText(text)
        prompt.names = view.names
        self.follow(prompt)

    def follow(self, prompt: PromptEdit) -> None:
        """Be there where the prompt is."""
        self.setVisible(bool(self.text()) and not prompt.isHidden())
