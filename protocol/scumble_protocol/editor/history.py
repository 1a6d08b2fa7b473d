"""Walking through earlier prompts with the arrow keys."""

from __future__ import annotations


class PromptHistory:
    """The prompts that were used, and a place among them; what is being written comes first."""

    def __init__(self) -> None:
        self._prompts: tuple[str, ...] = ()
        self._place = -1  # -1 is what is being written
        self._draft = ""

    def used(self, prompts: tuple[str, ...]) -> None:
        """The prompts are these now, the newest first, and what is written is no draft any more."""
        self._prompts = prompts
        self._place = -1

    def older(self, written: str) -> str | None:
        """The prompt before; None if there is none.

        Args:
            written: What is in the field now.
        """
        # What is written may be the newest one, just used.
        is_newest = self._place < 0 and self._prompts[:1] == (written.strip(),)
        return self._go(self._place + (2 if is_newest else 1), written)

    def newer(self, written: str) -> str | None:
        """The prompt after, and last what was being written; None if that is in the field."""
        return self._go(self._place - 1, written)

    def _go(self, place: int, written: str) -> str | None:
        if not -1 <= place < len(self._prompts):
            return None
        if self._place < 0:
            self._draft = written
        self._place = place
        return self._prompts[place] if place >= 0 else self._draft
