"""Bytes read as a script: which step comes next and with which values, whatever the bytes are."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import msgpack

ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2**31, 2**63, -(2**63), 1.5, float("nan"), float("inf"), "", "..", "é",
    "x" * 300, "\0", b"", b"x" * 300, [], [None] * 20, {}, {"kind": "fill"}, {"type": 1},
)  # fmt: skip
"""What stands in a message in place of the right value."""

Path = tuple[Any, ...]


class Script:
    """Reads bytes from the first to the last, and zeros ever after.

    Args:
        data: The bytes.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    @property
    def is_over(self) -> bool:
        """Whether all bytes are read."""
        return self._place >= len(self._data)

    def below(self, count: int) -> int:
        """A number from 0 to count - 1, at most 255."""
        byte = self._data[self._place] if not self.is_over else 0
        self._place += 1
        return byte % count

    def piece(self) -> bytes:
        """Up to 255 bytes, of the length that the next byte says."""
        length = self.below(256)
        piece = self._data[self._place : self._place + length]
        self._place += length
        return piece


def changed(frame: bytes, script: Script) -> bytes:
    """A frame with one of its values replaced by an odd one, or missing."""
    fields = msgpack.unpackb(frame)
    paths = list(places(fields))
    path = paths[(script.below(256) * 256 + script.below(256)) % len(paths)]
    return replaced(fields, path, script.below(len(ODD) + 1))


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where every value inside of a value is."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, element in inner:
        yield (*path, key)
        if isinstance(element, (dict, list)):
            yield from places(element, (*path, key))


def replaced(fields: dict[str, Any], path: Path, odd: int) -> bytes:
    """The frame of fields with another value at the path; none where `odd` is beyond `ODD`."""
    frame: bytes = msgpack.packb(bent(fields, path, odd))
    return frame


def bent(fields: dict[str, Any], path: Path, odd: int) -> dict[str, Any]:
    """The same as a map."""
    fields = copy.deepcopy(fields)
    holder: Any = fields
    for key in path[:-1]:
        holder = holder[key]
    if odd < len(ODD):
        holder[path[-1]] = ODD[odd]
    else:
        del holder[path[-1]]
    return fields
