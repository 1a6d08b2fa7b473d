"""The journal's own clock, by which results grow old.

The machine's clock may be set anew, by its owner or by itself, and nothing may be deleted early for
it. So ages are told by a clock that goes on with the monotonic one while a server runs, and from
one server to the next by the time between them, as far as that is believable: no less than nothing
and a day at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = 24 * 3600.0

MOST_BETWEEN_SERVERS = DAY
"""A server that is started once a week lets its results grow old by a day a week."""


@dataclass(frozen=True)
class Moment:
    """A point in time.

    Args:
        wall: In seconds since 1970, to be shown to people.
        age: In seconds that the journal has lived through, to tell how old something is.
    """

    wall: float
    age: float


class JournalClock:
    """Tells the time to a journal.

    Args:
        last: The last moment that the journal knows of.
        wall: The time in seconds since 1970.
        monotonic: Seconds since some point in time; never set back.
    """

    def __init__(
        self, last: Moment, wall: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        passed = wall() - last.wall
        self._age = last.age + min(max(passed, 0.0), MOST_BETWEEN_SERVERS)
        self._began = monotonic()

    def now(self) -> Moment:
        """This moment."""
        return Moment(self._wall(), self._age + self._monotonic() - self._began)
