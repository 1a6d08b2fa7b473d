"""GIMP's own progress bar, in the status bar of the image's window."""

from __future__ import annotations

import time
from typing import Final

from scumble_gimp.host import Gimp
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import JobView

PULSE_SECONDS: Final = 0.2
"""How often a bar of unknown length moves."""


class ProgressBar:
    """The bar; every call to GIMP takes a while, so that only news are told.

    Use it in a `with` statement, which takes the bar away at the end.

    Args:
        tr: Translates what it says.
    """

    def __init__(self, tr: Translate) -> None:
        self._tr = tr
        self._text = ""
        self._fraction: float | None = None
        self._pulsed = 0.0
        self._is_shown = False

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown:
            Gimp.progress_end()

    def show(self, text: str, fraction: float | None = None) -> None:
        """Say what is being done, and how much of it is done; None for an endless bar."""
        if not self._is_shown:
            Gimp.progress_init(text)
            self._is_shown = True
        elif text != self._text:
            Gimp.progress_set_text(text)
        if fraction is not None and fraction != self._fraction:
            Gimp.progress_update(fraction)
        self._text, self._fraction = text, fraction

    def show_job(self, view: JobView) -> None:
        """Show how a job goes."""
        text = view.phase
        if view.seconds_left is not None:
            left = self._tr("{seconds:.0f} s left", seconds=view.seconds_left)
            text = f"{text}, {left}"
        self.show(text, view.fraction)

    def pulse(self) -> None:
        """Let an endless bar move; to be called often."""
        now = time.monotonic()
        if self._is_shown and self._fraction is None and now - self._pulsed > PULSE_SECONDS:
            self._pulsed = now
            Gimp.progress_pulse()

    @staticmethod
    def note(text: str) -> None:
        """Tell the painter something that is good to know, where GIMP tells such things."""
        Gimp.message(text)
