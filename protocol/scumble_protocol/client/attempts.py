"""When a client tries to connect again, and when it rather leaves a server alone."""

from __future__ import annotations

import time

from scumble_protocol.client.address import Address
from scumble_protocol.errors import ErrorCode, ScumbleError

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0

BARRED_SECONDS = 30.0
"""How long an address that refused our token is left alone: servers count wrong tokens."""

_BARRING = frozenset({ErrorCode.UNAUTHORIZED, ErrorCode.TOO_MANY_ATTEMPTS})


class Attempts:
    """Says how long to rest before the next attempt: ever longer, as long as they fail."""

    def __init__(self) -> None:
        self.pause = 0.0
        self._barred: tuple[Address, float] | None = None

    def ended(self, seconds: float, *, is_wanted: bool) -> None:
        """One is over.

        Args:
            seconds: How long it lasted, connection and all.
            is_wanted: Whether it was ended here, to go somewhere else.
        """
        if is_wanted or seconds > LONGEST_PAUSE:
            self.pause = FIRST_PAUSE
        else:
            self.pause = max(FIRST_PAUSE, min(2 * self.pause, LONGEST_PAUSE))

    def refused(self, address: Address, error: ScumbleError) -> None:
        """A server refused us with this error."""
        if error.code in _BARRING:
            self._barred = (address, time.monotonic() + BARRED_SECONDS)

    def is_barred(self, address: Address) -> bool:
        """Whether this very address refused us a moment ago, and must not be bothered again."""
        if self._barred is None:
            return False
        barred, until = self._barred
        return address == barred and time.monotonic() < until

    def insist(self) -> None:
        """The user wants it tried in any case."""
        self._barred = None
