"""Refuses values that a request or a message can't mean."""

from __future__ import annotations

import math

from scumble_protocol.errors import ErrorCode, ProtocolError, RequestError

MAX_SEED = 2**63 - 1


def check_number(name: str, value: float, low: float, high: float) -> None:
    """Refuse a setting that is not a finite number from `low` to `high`."""
    if not low <= value <= high:  # which no NaN is
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{name} is {value}.",
            f"It must be from {low:g} to {high:g}." if high < MAX_SEED else "It must be 0 or more.",
        )


def check_job_id(job: str) -> None:
    """Refuse what is not 1 to 64 characters of printable ASCII without spaces."""
    if not 1 <= len(job) <= 64 or not all("!" <= letter <= "~" for letter in job):
        raise ProtocolError(f"{job[:80]!r} is no job id.")


def check_finite(name: str, value: float) -> None:
    """Refuse a number that is infinite or none."""
    if not math.isfinite(value):
        raise ProtocolError(f"`{name}` can't be {value}.")


def check_least(least: int, **values: int) -> None:
    """Refuse numbers below the least."""
    for name, value in values.items():
        if value < least:
            raise ProtocolError(f"`{name}` is {value}; it must be {least} or more.")
