"""Whether the other side keeps moving what is under way: without socket and without clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scumble_server.clients.link_limits import LinkLimits


@dataclass(frozen=True)
class Traffic:
    """How far a connection is.

    Args:
        received: Bytes that came so far.
        sent: Pieces that the other side took so far.
        is_sending: Whether a piece waits to be taken.
        expected: The number of pictures that were asked for and are not here.
    """

    received: int = 0
    sent: int = 0
    is_sending: bool = False
    expected: int = 0


class Pace:
    """Judges a connection from moment to moment.

    Args:
        limits: What it has to keep to.
        now: The time in seconds.
    """

    def __init__(self, limits: LinkLimits, now: float) -> None:
        self._limits = limits
        self._last = Traffic()
        self._looked = now
        self._alive = now
        self._took = now
        self._gave = now
        self._given = 0
        """Bytes that had come by the time `_gave`."""

    def fault(self, now: float, traffic: Traffic) -> str | None:
        """Why the connection is to be closed, for the log; None while it is well."""
        slept = now - self._looked > self._limits.stall_seconds / 2
        last, self._last, self._looked = self._last, traffic, now
        has_taken = traffic.sent != last.sent
        if slept or has_taken or traffic.received != last.received:
            self._alive = now
        # Who slept ourselves can't tell what the other side did meanwhile.
        if slept or has_taken or not traffic.is_sending:
            self._took = now
        has_given = traffic.received - self._given >= self._limits.stall_bytes
        if slept or has_given or not traffic.expected or traffic.expected != last.expected:
            self._gave, self._given = now, traffic.received
        if now - self._took > self._limits.stall_seconds:
            return "did not read what was sent to it"
        if now - self._gave > self._limits.stall_seconds:
            return "did not send the pictures that it was asked for"
        if now - self._alive > self._limits.silent_seconds:
            return "was silent"
        return None
