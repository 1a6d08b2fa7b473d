"""Connections of which it is not known yet who they are: few at a time, the newest first."""

from __future__ import annotations

from typing import Protocol


class Stranger(Protocol):
    """A connection that has not said who it is."""

    def give_way(self) -> None:
        """End at once, without a word."""
        ...


class Strangers:
    """Those there are now.

    Args:
        most: Above so many the oldest gives way. Whoever opens connections only to keep others out
            thus would have to open so many anew in the moment that a client needs to say hello.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[Stranger, None] = {}
        """In the order in which they came."""

    def came(self, stranger: Stranger) -> None:
        """A connection was opened."""
        self._waiting[stranger] = None
        if len(self._waiting) > self._most:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.give_way()

    def left(self, stranger: Stranger) -> None:
        """It is a stranger no more, or gone."""
        self._waiting.pop(stranger, None)
