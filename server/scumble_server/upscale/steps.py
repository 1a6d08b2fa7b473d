"""One progress for everything that happens to a picture, however many networks see it."""

from __future__ import annotations

import time
from typing import Protocol

from scumble_protocol.messages import Phase
from scumble_server.work.report import UNKNOWN, ProgressReport, Reporter

SHORT = "There was not enough memory, so"
"""How the note of what was done about it begins."""


class Relief(Protocol):
    """What can be done about too little memory before a picture is cut into smaller pieces."""

    def relieve(self, error: Exception) -> bool:
        """Do the next thing that leaves the result as it is; False where none is left."""
        ...

    def note(self, said: str) -> None:
        """Say in the result what was done."""
        ...


class NoRelief:
    """Nothing can be done, and nobody is told."""

    def relieve(self, error: Exception) -> bool:
        """See `Relief.relieve`."""
        return False

    def note(self, said: str) -> None:
        """See `Relief.note`."""


NO_RELIEF = NoRelief()


class Steps:
    """Tells how far a job of many pieces is.

    All pieces are expected before the first one begins. Each piece takes as many steps as it is
    dear, so that the time left can be told.

    Args:
        report: Told before every piece; what it raises ends the work.
        relief: Asked first where memory is short.
    """

    def __init__(self, report: Reporter, relief: Relief = NO_RELIEF) -> None:
        self.report = report
        self.relief = relief
        self.expected = 0
        self._done = 0
        self._piece = 0
        self._since = 0.0

    def expect(self, pieces: int, dear: int = 1) -> None:
        """So many pieces will come, of so many steps each."""
        self.expected += pieces * dear

    def begin(self, dear: int = 1, detail: str = "") -> None:
        """A piece begins, and the one before it has ended."""
        if not self._since:
            self._since = time.perf_counter()
        self._done += self._piece
        self._piece = dear
        self._tell(self._done, detail)

    def inside(self, step: int, of: int, detail: str = "") -> None:
        """The piece that was begun is so far."""
        self._tell(self._done + self._piece * step // max(1, of), detail)

    def _tell(self, done: int, detail: str) -> None:
        left = UNKNOWN
        if 0 < done < self.expected:
            left = (time.perf_counter() - self._since) / done * (self.expected - done)
        of = max(1, self.expected)
        self.report(ProgressReport(Phase.SAMPLING, min(done, of), of, left, detail))
