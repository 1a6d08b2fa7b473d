"""A websocket of the server, as seen by whoever watches over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection

if TYPE_CHECKING:
    import asyncio
    from typing import Any

    from scumble_server.clients.strangers import Strangers


class Line(ServerConnection):
    """A connection that counts what comes, also before a message or its greeting is complete.

    Until `let_in`, it is a stranger's, and its messages may only be as long as a greeting.
    """

    strangers: Strangers
    """Set by the class that `line_of` makes, as websockets makes the connections."""

    received = 0
    """Bytes that came."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`; with TLS, its handshake is over by now."""
        super().connection_made(transport)
        self.strangers.came(self)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self.received += len(data)
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self.strangers.left(self)
        super().connection_lost(exc)

    def let_in(self, message_bytes: int) -> None:
        """It is known now who this is; messages may have so many bytes from now on."""
        self.strangers.left(self)
        self.protocol.max_size = message_bytes

    def give_way(self) -> None:
        """End at once, without a word."""
        self.transport.abort()

    @property
    def host(self) -> str:
        """The address of the other side."""
        address: Any = self.remote_address
        return str(address[0]) if address else ""


def line_of(strangers: Strangers) -> type[Line]:
    """A class of connections that are these strangers at first."""
    return type("Line", (Line,), {"strangers": strangers})
