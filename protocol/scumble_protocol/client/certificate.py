"""Whom a TLS connection leads to.

A server at somebody's home has a certificate of its own making, which no authority vouches for. So
a client keeps the certificate's fingerprint from when it was paired, and takes no other.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scumble_protocol.client.websocket import HAS_TLS, ClientConnection
from scumble_protocol.errors import ErrorCode, PeerError, RequestError

if TYPE_CHECKING:
    from scumble_protocol.client.tls import Tls

FINGERPRINT_LENGTH = 64


def tidy_fingerprint(text: str) -> str:
    """A fingerprint as people copy it, perhaps with colons, as 64 hexadecimal digits.

    Raises:
        RequestError: It can't be one.
    """
    tidy = text.strip().lower().replace(":", "")
    if len(tidy) != FINGERPRINT_LENGTH or not set(tidy) <= set("0123456789abcdef"):
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{text!r} is not the fingerprint of a certificate.",
            "It has 64 hexadecimal digits; `scumble pair` shows it where the server runs.",
        )
    return tidy


def tls_for(url: str, *, is_pinned: bool) -> Tls | None:
    """How to talk TLS with a server; None where its URL says that there is none.

    Args:
        url: The server's address.
        is_pinned: Whether the certificate is known or will be proved, so that nobody need vouch
            for it; else the system's authorities must.

    Raises:
        PeerError: This Python has no TLS.
    """
    if urlsplit(url).scheme != "wss":
        return None
    if not HAS_TLS:
        raise PeerError(
            ErrorCode.UNTRUSTED,
            "The Python of this editor can't encrypt, so it can't reach another computer safely.",
            "Use a server on this computer, or a build of the editor whose Python has `ssl`.",
        )
    import ssl

    from scumble_protocol.client.tls import Tls

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if is_pinned:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return Tls(context)


def fingerprint_of(connection: ClientConnection) -> str:
    """SHA-256 of the certificate at the other end, in hexadecimal; empty without TLS."""
    ask = getattr(connection.socket, "getpeercert", None)
    return "" if ask is None else hashlib.sha256(ask(binary_form=True)).hexdigest()


def check_fingerprint(connection: ClientConnection, wanted: str) -> None:
    """See that the server has the certificate that it must have.

    Raises:
        PeerError: It has another one.
    """
    if fingerprint_of(connection) != wanted:
        raise PeerError(
            ErrorCode.UNTRUSTED,
            "What answers has another certificate than the server that you know: "
            "nothing was sent to it.",
            "If the server was set up anew, connect with a new code. If not, somebody may have "
            "come between you and it.",
        )


def is_doubt(error: OSError) -> bool:
    """Whether a connection failed because nobody vouches for the server's certificate."""
    return type(error).__name__ == "SSLCertVerificationError"


def is_no_tls(error: OSError) -> bool:
    """Whether a connection failed since the two sides found no TLS that both talk."""
    return any(kind.__name__ == "SSLError" for kind in type(error).__mro__)
