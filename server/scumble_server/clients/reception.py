"""Who may come in, who is in, and how somebody new is let in."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from scumble_protocol.errors import ErrorCode, PeerError
from scumble_protocol.pairing import (
    AskClients,
    Clients,
    OfferPairing,
    Paired,
    PairingOffer,
    Revoke,
)
from scumble_server.clients.attempts import Attempts
from scumble_server.clients.offers import OFFER_SECONDS
from scumble_server.clients.users import LOCAL, is_loopback, shown_name, source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_protocol.messages import Hello
    from scumble_protocol.pairing import Pair
    from scumble_server.clients.link_limits import LinkLimits
    from scumble_server.clients.offers import Offers
    from scumble_server.clients.registry import Registry

OwnersQuestion = OfferPairing | AskClients | Revoke
"""What only the machine's owner may ask."""

_OWNERS_SHARE = 4
"""One connection of so many is kept for the machine's owner."""

_log = logging.getLogger(__name__)


class Guest(Protocol):
    """A connection that came in."""

    def send_away(self) -> None:
        """End it; it may not come again."""
        ...


class Reception:
    """Keeps the door, for all connections.

    Args:
        token: What the machine's owner says.
        registry: Who else was let in.
        offers: The code that lets in somebody new.
        links: How often somebody may be wrong.
        connections: Most connections of all together.
        addresses: The server's addresses for other machines; may take a while.
        dismiss: Told of a user who is let in no more.
    """

    def __init__(
        self,
        token: str,
        registry: Registry,
        offers: Offers,
        *,
        links: LinkLimits,
        connections: int,
        addresses: Callable[[], tuple[str, ...]],
        dismiss: Callable[[str], None],
    ) -> None:
        self._token = token.encode()
        self._registry = registry
        self._offers = offers
        self._connections = connections
        self._addresses = addresses
        self._dismiss = dismiss
        self._attempts = Attempts(links.attempts, links.attempt_seconds)
        self._guests: dict[Guest, str] = {}

    def admit(self, hello: Hello, host: str) -> str:
        """Whose the connection is.

        Raises:
            PeerError: It may not come in.
        """
        source = source_of(host)
        user = self._user_of(hello.token)
        is_right_here = user is not None and is_loopback(host)
        # Nobody else on this machine can keep its owner out by being wrong on purpose.
        if self._attempts.is_blocked(source) and not is_right_here:
            raise _too_many_attempts()
        if user is None:
            self._attempts.failed(source)
            raise PeerError(
                ErrorCode.UNAUTHORIZED,
                "The server does not know this token.",
                "On another computer, pair this editor with the server anew (`scumble pair` there "
                "shows a code); on the server's own, use the token in its endpoint.json.",
            )
        self._check_room(user)
        return user

    async def pair(self, pair: Pair, host: str) -> Paired:
        """Let a client in from now on, if it knows the code.

        Raises:
            PeerError: It does not.
            ServerError: That can't be written down.
        """
        source = source_of(host)
        if self._attempts.is_blocked(source):
            raise _too_many_attempts()
        proof = await self._offers.redeem(pair)
        if proof is None:
            self._attempts.failed(source)
            raise PeerError(
                ErrorCode.UNAUTHORIZED,
                "The server does not accept this code.",
                "Check it, or get a new one with `scumble pair` on the server's computer; each is "
                "good once, for ten minutes and for five attempts.",
            )
        token = self._registry.add(shown_name(pair.client))
        _log.info("The client %s was paired.", self._registry.user_of(token))
        return Paired(token, proof)

    async def answer(self, question: OwnersQuestion, user: str) -> PairingOffer | Clients:
        """Do what the machine's owner asks.

        Raises:
            PeerError: Somebody else asks.
            ServerError: That a client was revoked can't be written down.
        """
        if user != LOCAL:
            raise PeerError(
                ErrorCode.FORBIDDEN,
                "Only the owner of the server's computer may do this.",
                "Use `scumble pair` and `scumble clients` there.",
            )
        if isinstance(question, OfferPairing):
            addresses = await asyncio.to_thread(self._addresses)
            fingerprint = self._offers.fingerprint
            return PairingOffer(self._offers.make(), OFFER_SECONDS, addresses, fingerprint)
        if isinstance(question, Revoke):
            self._revoke(question.client)
        return Clients(self._registry.clients(Counter(self._guests.values())))

    def came(self, guest: Guest, user: str) -> None:
        """A connection is in."""
        self._guests[guest] = user
        if user != LOCAL:
            self._registry.came(user)

    def left(self, guest: Guest) -> None:
        """It is gone."""
        self._guests.pop(guest, None)

    def _user_of(self, token: str) -> str | None:
        if hmac.compare_digest(token.encode(), self._token):
            return LOCAL
        return self._registry.user_of(token)

    def _check_room(self, user: str) -> None:
        room = self._connections
        if user != LOCAL:  # whom the others must not keep out
            room -= room // _OWNERS_SHARE
        if len(self._guests) >= room:
            raise PeerError(
                ErrorCode.TOO_MANY_CLIENTS,
                f"{len(self._guests)} programs are connected to the server already.",
                "Close some of them and try again.",
            )

    def _revoke(self, user: str) -> None:
        if user == LOCAL:
            return
        try:
            if self._registry.remove(user):
                _log.info("The client %s was revoked.", user)
        finally:  # whatever can be written down, it goes
            for guest, whose in tuple(self._guests.items()):
                if whose == user:
                    guest.send_away()
            self._dismiss(user)


def _too_many_attempts() -> PeerError:
    return PeerError(
        ErrorCode.TOO_MANY_ATTEMPTS,
        "There were too many wrong tokens or codes from this address.",
        "Wait a minute and try again.",
    )
