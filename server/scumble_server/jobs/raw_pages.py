"""The records on the pages of a database, without the way that SQLite takes to them.

SQLite finds a page by the pages above it. If one of those is damaged, whatever is below can't be
asked for any more, though it is whole. Here every page is read for itself, as
https://www.sqlite.org/fileformat2.html describes it; what makes no sense is passed over. Pages that
are no longer in use have no records, since the journal has them zeroed (`PRAGMA secure_delete`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = None | int | float | str | bytes

_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR = 0x0D, 0x0A, 0x02
_FILE_HEADER = 100
_LONGEST = 2**20
"""Bytes of a record; a request takes some thousands at most."""

_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of a whole number by its serial type."""


class _Nonsense(Exception):  # noqa: N818  (nobody outside ever sees it)
    """What is there is no record."""


@dataclass(frozen=True)
class RawPages:
    """A database file.

    Args:
        data: Its bytes; no write-ahead log is read.
        size: Bytes of a page.
    """

    data: bytes
    size: int

    def records(self) -> Iterator[tuple[int, tuple[Value, ...]]]:
        """Every record of tables and indices with its row's id, 0 where it has none."""
        for number in range(1, len(self.data) // self.size + 1):
            page = self._page(number)
            start = _FILE_HEADER if number == 1 else 0
            kind = page[start]
            if kind not in {_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR}:
                continue
            (count,) = struct.unpack_from(">H", page, start + 3)
            pointers = start + (12 if kind == _INDEX_INTERIOR else 8)
            for place in range(min(count, (self.size - pointers) // 2)):
                (offset,) = struct.unpack_from(">H", page, pointers + 2 * place)
                try:
                    yield self._record(page, offset, kind)
                except _Nonsense:
                    continue

    def _page(self, number: int) -> bytes:
        return self.data[(number - 1) * self.size : number * self.size]

    def _record(self, page: bytes, offset: int, kind: int) -> tuple[int, tuple[Value, ...]]:
        if kind == _INDEX_INTERIOR:
            offset += 4  # the page below
        length, offset = _varint(page, offset)
        row = 0
        if kind == _TABLE_LEAF:
            row, offset = _varint(page, offset)
        if length > _LONGEST:
            raise _Nonsense
        return row, _values(self._payload(page, offset, length, is_table=kind == _TABLE_LEAF))

    def _payload(self, page: bytes, offset: int, length: int, *, is_table: bool) -> bytes:
        most = self.size - 35 if is_table else (self.size - 12) * 64 // 255 - 23
        least = (self.size - 12) * 32 // 255 - 23
        here = length
        if length > most:
            here = least + (length - least) % (self.size - 4)
            here = here if here <= most else least
        parts = [page[offset : offset + here]]
        left = length - here
        if left:
            after = _next_page(page, offset + here)
            while left > 0:
                more = self._page(after)
                after = _next_page(more, 0)
                parts.append(more[4 : 4 + left])
                left -= len(parts[-1])
        return b"".join(parts)


def _values(record: bytes) -> tuple[Value, ...]:
    head, offset = _varint(record, 0)
    values = []
    body = head
    while offset < head:
        kind, offset = _varint(record, offset)
        value, length = _value(record, body, kind)
        values.append(value)
        body += length
    if body != len(record):
        raise _Nonsense
    return tuple(values)


def _value(record: bytes, start: int, kind: int) -> tuple[Value, int]:
    """A value of this serial type, and its length in bytes."""
    if kind in {0, 8, 9}:
        return {0: None, 8: 0, 9: 1}[kind], 0
    if kind in _INTEGERS:
        length = _INTEGERS[kind]
        return int.from_bytes(record[start : start + length], "big", signed=True), length
    if kind == 7:
        data = record[start : start + 8]
        return (struct.unpack(">d", data)[0] if len(data) == 8 else None), 8
    if kind < 12:
        raise _Nonsense
    length = (kind - 12) // 2
    data = record[start : start + length]
    return (data if kind % 2 == 0 else data.decode("utf-8", "replace")), length


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where what follows it begins."""
    number = 0
    for place in range(9):
        if offset >= len(data):
            raise _Nonsense
        byte = data[offset]
        offset += 1
        if place == 8:
            return number << 8 | byte, offset
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return number, offset


def _next_page(data: bytes, offset: int) -> int:
    """The number of the page on which a long record goes on."""
    if offset + 4 > len(data):
        raise _Nonsense
    return int.from_bytes(data[offset : offset + 4], "big")
