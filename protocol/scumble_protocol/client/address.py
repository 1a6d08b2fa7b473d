"""Where a server is, and the token that lets a client in."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from scumble_protocol import endpoint
from scumble_protocol.errors import ErrorCode, PeerError, RequestError


@dataclass(frozen=True)
class Address:
    """A server's address.

    Args:
        url: `ws://HOST:PORT`, or `wss://HOST:PORT` with TLS.
        token: The server's token; kept out of `repr`, so that it gets into no log.
        fingerprint: SHA-256 of the certificate that the server must have, 64 hexadecimal digits;
            empty to trust whom the system trusts.

    Raises:
        RequestError: The URL is no websocket URL.
    """

    url: str
    token: str = field(repr=False)
    fingerprint: str = ""

    def __post_init__(self) -> None:
        if not _is_websocket_url(self.url):
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{self.url!r} is not the address of a server.",
                "It looks like ws://127.0.0.1:7860.",
            )

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine, where packing pictures would only cost time."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


Locate = Callable[[], Address]
"""Says where the server is now; asked before every attempt to connect."""


def local_server(folder: Path) -> Locate:
    """How to find the server that runs on this machine with this state folder.

    The returned function reads the endpoint file each time, since a restarted server has another
    port and token. It raises `PeerError` if no server runs.
    """

    def locate() -> Address:
        found = endpoint.read(folder)
        if found is None:
            raise PeerError(
                ErrorCode.NO_SERVER,
                "No Scumble server is running on this machine.",
                "Start it with `scumble serve`.",
            )
        return Address(found.url, found.token, found.fingerprint)

    return locate


def _is_websocket_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or half an IPv6 address
        return False
