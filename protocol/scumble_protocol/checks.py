"""Refuses numbers that a request can't mean."""

from __future__ import annotations

from scumble_protocol.errors import ErrorCode, RequestError

MAX_SEED = 2**63 - 1


def check_number(name: str, value: float, low: float, high: float) -> None:
    """Refuse a setting that is not a finite number from `low` to `high`."""
    if not low <= value <= high:  # which no NaN is
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{name} is {value}.",
            f"It must be from {low:g} to {high:g}." if high < MAX_SEED else "It must be 0 or more.",
        )
