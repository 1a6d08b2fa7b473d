"""What the server says of a prompt while it is written: how long it is, and what it can name."""

from __future__ import annotations

import time
from collections.abc import Callable

from scumble_protocol.client import Connected
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.studio import Studio, StudioEvent
from scumble_protocol.messages import Measured, Models, Names

_FRESH_SECONDS = 10.0
"""Files come and go, so names are asked for anew where the painter goes on writing after this."""


class PromptWords:
    """Asks, and keeps the newest answer.

    Args:
        studio: The way to the server.
        clock: Seconds that only rise.
    """

    def __init__(self, studio: Studio, clock: Callable[[], float] = time.monotonic) -> None:
        self.measured: Measured | None = None
        """The newest answer; it may be about an earlier prompt."""
        self.names: Names | None = None
        self._studio = studio
        self._asked: tuple[str, str] | None = None
        self._is_connected = False
        self._clock = clock
        self._named = 0.0

    def ask(self, text: str, model: str) -> None:
        """Have a prompt measured, if it is another one than before."""
        if (text, model) != self._asked:
            self._asked = (text, model)
            self._send()

    def take(self, event: StudioEvent) -> None:
        """Take in what the server says."""
        if isinstance(event, Connected):
            self._is_connected = True
            self._send()
        if isinstance(event, (Connected, Models)):
            self._ask_names()
        if isinstance(event, Names):
            self.names = event
        if isinstance(event, Measured) and (event.text, event.model) == self._asked:
            self.measured = event

    def _send(self) -> None:
        text, model = self._asked or ("", "")
        if text.strip() and self._is_connected and len(text) <= self._studio.limits.prompt_chars:
            self._studio.measure(text, model)
            if self._clock() - self._named >= _FRESH_SECONDS:
                self._ask_names()
        else:
            self.measured = None

    def _ask_names(self) -> None:
        self._named = self._clock()
        self._studio.ask_names()


def measured_line(measured: Measured, tr: Translate) -> str:
    """How long a prompt is, and what is wrong with it, for people; empty if nothing is measured."""
    if not measured.tokens:
        return " ".join(tr(sentence) for sentence in measured.wrong)
    if measured.room:
        parts = [tr("{tokens} of {room} tokens", tokens=measured.tokens, room=measured.room)]
    else:
        parts = [tr("{tokens} tokens", tokens=measured.tokens)]
    if measured.kept < measured.tokens:
        parts.append(tr("The model reads the first {kept} and cuts the rest.", kept=measured.kept))
    elif measured.chunks > 1:
        parts.append(tr("Read in {chunks} portions.", chunks=measured.chunks))
    return " · ".join((*parts, *(tr(sentence) for sentence in measured.wrong)))
