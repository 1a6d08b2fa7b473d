"""Opening a websocket to a Scumble server, and saying in words why that did not work."""

from __future__ import annotations

from typing import Any, cast

from scumble_protocol.client.certificate import (
    check_fingerprint,
    is_doubt,
    is_no_tls,
    tls_for,
)
from scumble_protocol.client.websocket import (
    ClientConnection,
    Subprotocol,
    WebSocketException,
    connect,
)
from scumble_protocol.errors import ErrorCode, PeerError
from scumble_protocol.messages import SUBPROTOCOL, Limits

OPEN_SECONDS = 10.0
CLOSE_SECONDS = 2.0

SILENT_SECONDS = 180.0
"""Until a server that does not answer a ping counts as gone: on a slow line, ping and answer wait
behind the picture that is on its way."""


def open_connection(
    url: str, fingerprint: str = "", *, is_pairing: bool = False
) -> ClientConnection:
    """Connect; nothing has been said yet on the connection that is returned.

    Args:
        url: The server's address.
        fingerprint: That of the certificate that the server must have; empty to trust whom the
            system trusts.
        is_pairing: Whether any certificate will do, since pairing proves whose it is.

    Raises:
        PeerError: No server is there, it is no Scumble server, or not the one that it should be.
    """
    tls = tls_for(url, is_pinned=bool(fingerprint) or is_pairing)
    try:
        connection = connect(
            url,
            ssl=cast("Any", tls),  # it wraps sockets as an `ssl.SSLContext` does
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,  # a hundred times slower than sending pixels as they are
            proxy=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_timeout=SILENT_SECONDS,
            max_size=Limits().message_bytes,
        )
    except OSError as error:
        raise _reason(error, url) from error
    except WebSocketException as error:
        raise other_program(url) from error
    try:
        if connection.subprotocol != SUBPROTOCOL:
            raise other_program(url)
        if fingerprint:
            check_fingerprint(connection, fingerprint)
    except PeerError:
        connection.close()
        raise
    return connection


def no_answer(url: str) -> PeerError:
    """Nobody is there."""
    return PeerError(
        ErrorCode.NO_SERVER,
        f"No Scumble server answers at {url}.",
        "Start one with `scumble serve`, or check the address.",
    )


def other_program(url: str) -> PeerError:
    """Somebody else is there."""
    return PeerError(
        ErrorCode.NO_SERVER,
        f"What answers at {url} is no Scumble server that this version can talk to.",
        "Check the address, and update Scumble on both sides to the same version.",
    )


def _reason(error: OSError, url: str) -> PeerError:
    if is_doubt(error):
        return PeerError(
            ErrorCode.UNTRUSTED,
            "Nobody whom this computer trusts vouches for the server.",
            "Connect with a code: `scumble pair` shows one where the server runs.",
        )
    return other_program(url) if is_no_tls(error) else no_answer(url)
