"""Where a picture is the same as an earlier one, so that only the rest needs to travel.

Works with the standard library alone: slices of bytes are compared by the C library at memory's
speed, in large pieces first and in small ones only where these differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

LARGE = 2**16
SMALL = 2**12
"""Bytes that count as changed as soon as one of them is: a row of a picture of 1024 pixels."""

GAP = 2**14
"""Bytes between two changes that travel with them: a message of its own costs more."""

MOST_CHANGED = 0.75
"""Part of a picture. Where more has changed, comparing and many small pieces gain nothing."""

PROBES = 64
"""Small pieces that are looked at first, so that another picture is known as one at once."""

_GOLDEN = 0.618034


class Stretch(NamedTuple):
    """Bytes from `begin` up to `end`, which are the base's too or not."""

    begin: int
    end: int
    is_same: bool


def stretches(data: bytes, base: bytes) -> list[Stretch]:
    """All of `data` in order, as stretches that are the same in `base` or not, in turns.

    It is one changed stretch where too much has changed or the lengths differ.
    """
    changed = [(0, len(data))] if _is_another(data, base) else _changed(data, base)
    if sum(end - begin for begin, end in changed) > MOST_CHANGED * len(data):
        changed = [(0, len(data))]
    found: list[Stretch] = []
    place = 0
    for begin, end in changed:
        if begin > place:
            found.append(Stretch(place, begin, is_same=True))
        found.append(Stretch(begin, end, is_same=False))
        place = end
    if place < len(data):
        found.append(Stretch(place, len(data), is_same=True))
    return found


def _is_another(data: bytes, base: bytes) -> bool:
    """Whether pieces from all over the picture differ, or it is of another length."""
    if len(data) != len(base):
        return True
    # Steps of the golden ratio spread over rows and columns alike.
    places = [int(number * _GOLDEN % 1 * len(data)) for number in range(PROBES)]
    differing = sum(not data.startswith(base[place : place + SMALL], place) for place in places)
    return differing > MOST_CHANGED * PROBES


def _changed(data: bytes, base: bytes) -> list[tuple[int, int]]:
    """Begin and end of what differs, with at least `GAP` bytes between one and the next."""
    found: list[tuple[int, int]] = []
    for large in _differing(data, base, 0, len(data), LARGE):
        for begin, end in _differing(data, base, *large, SMALL):
            if found and begin - found[-1][1] < GAP:
                found[-1] = (found[-1][0], end)
            else:
                found.append((begin, end))
    return found


def _differing(
    data: bytes, base: bytes, begin: int, end: int, step: int
) -> Iterator[tuple[int, int]]:
    for start in range(begin, end, step):
        stop = min(start + step, end)
        if not data.startswith(base[start:stop], start):
            yield start, stop
