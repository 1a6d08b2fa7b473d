"""The code that lets one client in: good once, for some minutes and for some attempts."""

from __future__ import annotations

import asyncio
import hmac
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_protocol.pairing import new_code, prove, tidy_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_protocol.pairing import Pair

OFFER_SECONDS = 600
"""For walking to the other computer."""

OFFER_ATTEMPTS = 5
"""For typing errors. Guessing one of 2**40 codes within them is hopeless."""


@dataclass
class _Offer:
    code: str
    ends: float
    attempts_left: int = OFFER_ATTEMPTS


class Offers:
    """The offer to pair, of which there is one at a time.

    Args:
        fingerprint: Of the server's certificate; empty without TLS.
        clock: The time in seconds.
    """

    def __init__(self, fingerprint: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.fingerprint = fingerprint
        self._clock = clock
        self._offer: _Offer | None = None
        self._turn = asyncio.Lock()
        # Its own thread: a proof takes a third of a second, and strangers may ask for it.
        self._prover = ThreadPoolExecutor(1, "scumble-pairing")

    def make(self) -> str:
        """A new code, as it is shown; an older one is good no longer."""
        shown = new_code()
        code = tidy_code(shown)
        assert code is not None  # noqa: S101  (what was made above)
        self._offer = _Offer(code, self._clock() + OFFER_SECONDS)
        return shown

    async def redeem(self, pair: Pair) -> str | None:
        """Try whether the client knows the code, which then is used up.

        Returns:
            The server's proof, or None: wrong, too late, tried too often, or no offer at all.
        """
        async with self._turn:
            offer = self._offer
            if offer is None or self._clock() > offer.ends or not offer.attempts_left:
                return None
            offer.attempts_left -= 1
            if not hmac.compare_digest(await self._prove(offer, "client", pair), pair.proof):
                return None
            if self._offer is not offer:  # replaced meanwhile: that code is good no longer
                return None
            self._offer = None
            return await self._prove(offer, "server", pair)

    def close(self) -> None:
        """Prove nothing more."""
        self._prover.shutdown(wait=False, cancel_futures=True)

    async def _prove(self, offer: _Offer, side: str, pair: Pair) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._prover, prove, offer.code, side, pair.nonce, self.fingerprint
        )
