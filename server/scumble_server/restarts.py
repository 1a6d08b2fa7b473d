"""How often the server has replaced its own process, which the next one learns by the environment.

The variable holds words: how many restarts there were, the port to listen on again, and when the
last ones were, on the clock that runs since the machine started.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "SCUMBLE_RESTARTS"

MOST = 3
WITHIN = 600.0
"""A device that hangs again and again within so many seconds is not helped by restarts."""


@dataclass(frozen=True)
class Restarts:
    """The restarts so far.

    Args:
        count: Their number since the server was started.
        port: Where it listened, 0 if there was no restart.
        recent: When the last ones were.
    """

    count: int = 0
    port: int = 0
    recent: tuple[float, ...] = ()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Restarts:
        """What the process before this one left; nothing if the words are not ours."""
        try:
            count, port, *recent = environ.get(VARIABLE, "").split()
            return cls(int(count), int(port), tuple(float(moment) for moment in recent))
        except ValueError:
            return cls()

    def environ(self) -> dict[str, str]:
        """The variable for the next process."""
        words = (self.count, self.port, *self.recent)
        return {VARIABLE: " ".join(str(word) for word in words)}

    def one_more(self, now: float, port: int) -> Restarts | None:
        """With a restart now, of a server on this port; None where it would be one too many."""
        recent = tuple(moment for moment in self.recent if now - WITHIN < moment <= now)
        if len(recent) >= MOST:
            return None
        return Restarts(self.count + 1, port, (*recent, now))
