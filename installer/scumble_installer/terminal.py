"""Shows the progress of the set-up: a line that moves on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import time
from typing import NamedTuple, TextIO


class Phase(NamedTuple):
    """A finished part of the work, and how long it took."""

    name: str
    seconds: float


class Terminal:
    """Writes to one stream and remembers the phases that it showed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._moves = stream.isatty()
        self._started = 0.0
        self.phases: list[Phase] = []

    def begin(self, name: str) -> None:
        """A phase begins."""
        self._started = time.monotonic()
        self.say(f"Getting {name} …")

    def line(self, text: str) -> None:
        """A line that a command printed."""
        text = text.rstrip()
        # uv names each package that it installed; so does the lock.
        if not text or text.startswith(" + "):
            return
        if not self._moves:
            self.say(f"    {text}")
            return
        width = shutil.get_terminal_size().columns - 5
        self._stream.write(f"\r\x1b[K    {text.strip()[:width]}")
        self._stream.flush()

    def end(self, name: str) -> None:
        """The phase that began last is done."""
        seconds = time.monotonic() - self._started
        self.phases.append(Phase(name, seconds))
        self._clear()
        self.say(f"    done in {seconds:.0f} s")

    def show_last_words(self, output: str) -> None:
        """What a failed command printed last; off a terminal all of it stands there already."""
        self._clear()
        if self._moves:
            self.say("\n".join(f"    {line}" for line in output.splitlines()[-20:]))

    def say(self, text: str) -> None:
        """A line that stays."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def show_summary(self) -> None:
        """How long each phase took, said once; nothing where nothing had to be done."""
        if not self.phases:
            return
        width = max(len(phase.name) for phase in self.phases)
        self.say("The set-up took")
        for phase in self.phases:
            self.say(f"    {phase.name:{width}}  {phase.seconds:6.1f} s")
        self.phases.clear()

    def _clear(self) -> None:
        if self._moves:
            self._stream.write("\r\x1b[K")
