"""Amounts in words, for the screen."""

from __future__ import annotations

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"))


def how_much(amount: float) -> str:
    """An amount of bytes: `1.5 GiB`."""
    unit = 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount /= 1024
        unit += 1
    return f"{amount:.0f} {_UNITS[unit]}" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


def how_long(seconds: float) -> str:
    """A span of time by its two greatest units: `2 d 3 h`."""
    left = int(seconds)
    parts = []
    for length, name in _SPANS:
        if left >= length:
            parts.append(f"{left // length} {name}")
            left %= length
    if left or not parts:
        parts.append(f"{left} s")
    return " ".join(parts[:2])


def how_many(count: int, what: str) -> str:
    """A count of things whose name takes an s: `1 client`, `2 clients`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
