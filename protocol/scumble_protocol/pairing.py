"""How an editor on another machine is let in: by a short code that the server shows.

Both sides prove to each other that they know the code, and with it what certificate they see. So
whoever sits between them with a certificate of their own is found out, and learns nothing of the
code but by trying it out, for which the time is too short: the key is derived slowly
(PBKDF2, RFC 8018, with HMAC-SHA-256), a code is good once, for some minutes and for some attempts.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import ClassVar

from scumble_protocol.checks import check_finite, check_least
from scumble_protocol.errors import ProtocolError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""https://www.crockford.com/base32.html: no letter that looks like another or like a digit."""

CODE_LENGTH = 8
"""Letters of a code: 40 bits."""

ROUNDS = 600_000
"""Of PBKDF2-HMAC-SHA-256, by OWASP's Password Storage Cheat Sheet: some 0.3 s for one guess."""

NAME_LENGTH = 100
_HEX_32 = re.compile(r"[0-9a-f]{64}")
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


@dataclass(frozen=True)
class Pair:
    """Let me in from now on; the first message, in place of `hello`.

    Args:
        protocol: The protocol version that the client speaks.
        client: What the client is to be called in lists, for people: 1 to 100 characters.
        nonce: 64 hexadecimal digits, new for every attempt.
        proof: `prove(code, "client", nonce, fingerprint)`.
    """

    type: ClassVar[str] = "pair"

    protocol: int
    client: str
    nonce: str
    proof: str = field(repr=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.client) <= NAME_LENGTH:
            raise ProtocolError(f"A client's name has 1 to {NAME_LENGTH} characters.")
        _check_hex("nonce", self.nonce)
        _check_hex("proof", self.proof)


@dataclass(frozen=True)
class Paired:
    """You are let in: the last message of such a connection.

    Args:
        token: What to say in `hello` from now on; nobody else has it.
        proof: `prove(code, "server", nonce, fingerprint)`.
    """

    type: ClassVar[str] = "paired"

    token: str = field(repr=False)
    proof: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_hex("proof", self.proof)


@dataclass(frozen=True)
class OfferPairing:
    """Make a code, by which one client can be let in; an older one is good no longer."""

    type: ClassVar[str] = "offer_pairing"


@dataclass(frozen=True)
class PairingOffer:
    """The code, in answer to `offer_pairing`.

    Args:
        code: The code, as it is shown.
        seconds: For how many seconds it is good.
        addresses: Where other machines reach the server, as far as it can tell, best first.
        fingerprint: SHA-256 of its certificate, 64 hexadecimal digits.
    """

    type: ClassVar[str] = "pairing_offer"

    code: str = field(repr=False)
    seconds: int
    addresses: tuple[str, ...]
    fingerprint: str

    def __post_init__(self) -> None:
        check_least(0, seconds=self.seconds)


@dataclass(frozen=True)
class AskClients:
    """Whom did you let in?"""

    type: ClassVar[str] = "ask_clients"


@dataclass(frozen=True)
class PairedClient:
    """Somebody who was let in.

    Args:
        id: What `revoke` names it by.
        name: What it calls itself.
        since: When it was let in, in seconds since 1970.
        seen: When it last came, in seconds since 1970; 0 if it never did.
        connections: The number of its connections now.
    """

    id: str
    name: str
    since: float
    seen: float
    connections: int

    def __post_init__(self) -> None:
        check_finite("since", self.since)
        check_finite("seen", self.seen)
        check_least(0, connections=self.connections)


@dataclass(frozen=True)
class Clients:
    """Everybody who was let in, in answer to `ask_clients` and `revoke`.

    Args:
        clients: They, in the order in which they were let in.
    """

    type: ClassVar[str] = "clients"

    clients: tuple[PairedClient, ...]


@dataclass(frozen=True)
class Revoke:
    """Let this client in no more, and end its connections.

    Args:
        client: Its id.
    """

    type: ClassVar[str] = "revoke"

    client: str


def new_code() -> str:
    """A code as it is shown, `XXXX-XXXX`."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def tidy_code(typed: str) -> str | None:
    """The code that was meant, without its dash; None if it can't be one."""
    code = typed.strip().upper().translate(_LOOKALIKES)
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else None


def prove(code: str, side: str, nonce: str, fingerprint: str) -> str:
    """What only somebody can say who knows the code, as 64 hexadecimal digits.

    Args:
        code: The code, tidy.
        side: `client` or `server`, so that nobody can just repeat what they hear.
        nonce: The nonce of `pair`.
        fingerprint: SHA-256 of the certificate that this side sees, 64 hexadecimal digits; empty
            without TLS.
    """
    salt = f"scumble {side} {nonce} {fingerprint}".encode()
    return hashlib.pbkdf2_hmac("sha256", code.encode(), salt, ROUNDS).hex()


def _check_hex(name: str, value: str) -> None:
    if not _HEX_32.fullmatch(value):
        raise ProtocolError(f"`{name}` is not 64 hexadecimal digits.")
