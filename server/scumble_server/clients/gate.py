"""Who may open a websocket at all: no web page, and nobody by a name that is not this machine's."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scumble_server.config import LOOPBACK

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response


def refuse_strangers(
    connection: ServerConnection, request: Request, *, is_loopback: bool
) -> Response | None:
    """The answer to a request that must not become a websocket, or None.

    Browsers always send `Origin`, which no editor does, so that no web page gets in, whatever it
    knows. The check of `Host` keeps out a page that made its own name point to this machine
    (DNS rebinding); a server that others on the network may use goes by many names.
    """
    if request.headers.get_all("Origin"):
        return connection.respond(http.HTTPStatus.FORBIDDEN, "Web pages may not use this server.\n")
    hosts = request.headers.get_all("Host")
    if is_loopback and (len(hosts) != 1 or _name(hosts[0]) not in LOOPBACK):
        return connection.respond(http.HTTPStatus.FORBIDDEN, "This server has another name.\n")
    return None


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # half an IPv6 address
        return None
