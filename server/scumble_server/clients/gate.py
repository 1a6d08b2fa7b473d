"""Who may open a websocket at all: no web page, and nobody by a name that is not this server's."""

from __future__ import annotations

import http
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scumble_server.clients.users import is_loopback

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response


@dataclass(frozen=True)
class Gate:
    """Looks at a request before it becomes a websocket.

    Browsers always send `Origin` with a websocket, which no editor does, so that no web page gets
    in, whatever it knows. The check of `Host` keeps out a page that made its own name point to this
    machine (DNS rebinding).

    Args:
        origins: The origins of pages that may come all the same.
        hosts: The names of this server, in small letters, beside those of loopback and the address
            that a connection came to.
    """

    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    def refusal(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer to a request that must not become a websocket, or None."""
        origins = request.headers.get_all("Origin")
        if origins and not (len(origins) == 1 and origins[0] in self.origins):
            return _forbidden(connection, "Web pages may not use this server.")
        hosts = request.headers.get_all("Host")
        here = str(connection.local_address[0])
        if len(hosts) != 1 or not self._is_ours(_name(hosts[0]), here):
            return _forbidden(
                connection, "This server has another name; `--allow-host NAME` gives it this one."
            )
        return None

    def _is_ours(self, name: str | None, here: str) -> bool:
        return name is not None and (is_loopback(name) or name == here or name in self.hosts)


def _forbidden(connection: ServerConnection, why: str) -> Response:
    return connection.respond(http.HTTPStatus.FORBIDDEN, f"{why}\n")


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # half an IPv6 address
        return None
