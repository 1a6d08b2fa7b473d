"""A small memory of results by content, which forgets the least recently used."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Value = TypeVar("Value")

ENCODINGS_BYTES = 256 * 2**20
"""Most bytes of one kind of encodings; those of usual sizes are far below."""


class Remembered(Generic[Value]):
    """At most `limit` values by key; `hits` and `misses` count how often a value was there.

    Args:
        limit: Most values kept, at least 1.
        budget: Most bytes of tensors in them; the newest value is kept however large it is. None
            for as many as they take.
    """

    def __init__(self, limit: int, budget: int | None = ENCODINGS_BYTES) -> None:
        self._limit = limit
        self._budget = budget
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
        while len(self._values) > 1 and self._is_full():
            self._values.popitem(last=False)
        return value

    def clear(self) -> bool:
        """Keep nothing; whether there was anything."""
        had_any = bool(self._values)
        self._values.clear()
        return had_any

    def __len__(self) -> int:
        return len(self._values)

    def _is_full(self) -> bool:
        if len(self._values) > self._limit:
            return True
        return self._budget is not None and bytes_of(tuple(self._values.values())) > self._budget


def bytes_of(value: object) -> int:
    """The bytes of all tensors and arrays in a value, in its tuples, lists and dataclasses too."""
    if isinstance(size := getattr(value, "nbytes", None), int):
        return size
    if isinstance(value, (tuple, list)):
        return sum(map(bytes_of, value))
    if is_dataclass(value):
        return sum(bytes_of(getattr(value, field.name)) for field in fields(value))
    return 0
