"""Where a server is, and the token that lets a client in."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field, replace
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
        server: Which of the servers that this user knows it is, so that jobs are asked for where
            they are; empty for that of this machine, whatever its port and token are now.

    Raises:
        RequestError: The URL is no websocket URL, or the token would be sent in the clear.
    """

    url: str
    token: str = field(repr=False)
    fingerprint: str = ""
    server: str = ""

    def __post_init__(self) -> None:
        if not _is_websocket_url(self.url):
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{self.url!r} is not the address of a server.",
                "It looks like ws://127.0.0.1:7860 on this computer, wss://NAME:7860 on others.",
            )
        if urlsplit(self.url).scheme == "ws" and not self.is_loopback:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"On the way to {self.url} anybody could read your pictures and your token.",
                "Use wss:// in place of ws://; `scumble pair` on that computer shows the address.",
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
        return Address(_reachable(found), found.token, found.fingerprint)

    return locate


def _reachable(found: endpoint.Endpoint) -> str:
    """Its URL; a server that listens on all addresses is reached by that of this machine."""
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (nothing is bound here)
    return replace(found, host=anywhere.get(found.host, found.host)).url


def _is_websocket_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or half an IPv6 address
        return False
