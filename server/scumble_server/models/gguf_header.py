"""Whether the beginning of a `.gguf` file can be read without taking more memory than it should.

The format (llama.cpp's, version 2 and 3): `GGUF`, the version, the number of tensors and of
entries; entries of a name, a type and a value; then each tensor's name, sides, type and place. The
library that reads it believes every number, so each is looked at here first.
"""

from __future__ import annotations

import math
import os
import struct
from typing import TYPE_CHECKING, BinaryIO

from scumble_server.models.headers import damaged

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 64 * 2**20
MOST_TENSORS = 2**16
MOST_ENTRIES = 2**16
MOST_VALUES = 2**20
"""In all arrays together; those of a language model's vocabulary come to half of it."""

_MOST_SIDES = 4
_DEEPEST = 2
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9


def check_gguf(path: Path) -> None:
    """Refuse a file that is none, or whose beginning is longer than any model needs.

    Raises:
        RequestError: `DAMAGED_MODEL`.
    """
    try:
        with path.open("rb") as file:
            _Beginning(file).check()
    except OSError as error:
        raise damaged(path, "can't be read" if path.exists() else "is missing") from error
    except (ValueError, struct.error) as error:
        raise damaged(path, f"is no gguf file, or its beginning is damaged ({error})") from error


class _Beginning:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._left = min(self._size, MOST_BYTES)
        self._values = MOST_VALUES

    def check(self) -> None:
        if self._take(4) != b"GGUF" or self._number("I") not in {2, 3}:
            raise ValueError("it does not begin like one")
        tensors, entries = self._number("Q"), self._number("Q")
        if tensors > MOST_TENSORS or entries > MOST_ENTRIES:
            raise ValueError(f"it says to hold {tensors} tensors and {entries} entries")
        for _ in range(entries):
            self._text()
            self._value(self._number("I"))
        for _ in range(tensors):
            self._tensor()

    def _tensor(self) -> None:
        self._text()
        count = self._number("I")
        if count > _MOST_SIDES:
            raise ValueError(f"a tensor has {count} sides")
        sides = [self._number("Q") for _ in range(count)]
        self._number("I")
        # No type takes less than a bit for a value.
        if math.prod(sides) > 8 * self._size or self._number("Q") > self._size:
            raise ValueError("a tensor lies outside of the file")

    def _value(self, kind: int, depth: int = 0) -> None:
        if kind == _STRING:
            self._text()
        elif kind == _ARRAY and depth < _DEEPEST:
            kind, count = self._number("I"), self._number("Q")
            self._values -= count
            if self._values < 0:
                raise ValueError(f"it has an array of {count} values")
            for _ in range(count):
                self._value(kind, depth + 1)
        elif kind in _SIZES:
            self._take(_SIZES[kind])
        else:
            raise ValueError(f"there is no type {kind}")

    def _text(self) -> None:
        self._take(self._number("Q"))

    def _number(self, kind: str) -> int:
        return int(struct.unpack(f"<{kind}", self._take(struct.calcsize(f"<{kind}")))[0])

    def _take(self, length: int) -> bytes:
        self._left -= length
        if self._left < 0:
            raise ValueError("it ends too early, or is too long")
        return self._file.read(length)
