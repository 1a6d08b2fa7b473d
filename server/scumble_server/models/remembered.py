"""A small memory of results by content, which forgets the least recently used."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """At most `limit` values by key; `hits` and `misses` count how often a value was there.

    Args:
        limit: Most values kept, at least 1.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made when it isn't there; if `make` raises, nothing is kept."""
        if key in self._values:
            self.hits += 1
            self._values.move_to_end(key)
            return self._values[key]
        self.misses += 1
        value = make()
        self._values[key] = value
        if len(self._values) > self._limit:
            self._values.popitem(last=False)
        return value

    def clear(self) -> bool:
        """Keep nothing; whether there was anything."""
        had_any = bool(self._values)
        self._values.clear()
        return had_any

    def __len__(self) -> int:
        return len(self._values)
