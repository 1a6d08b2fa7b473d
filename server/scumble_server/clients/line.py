"""A websocket of the server, as seen by whoever watches over it."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any, cast

from websockets.asyncio.server import ServerConnection

from scumble_server.logs import about

if TYPE_CHECKING:
    import ssl

    from scumble_server.clients.strangers import Strangers

_SHUTDOWN_SECONDS = 2.0
"""For the other side to agree on the end of TLS."""

_ON_THEIR_WAY = 2**18
"""Bytes that the system takes before they are sent: with megabytes of them, as it takes by itself,
a ping would wait behind them for minutes on a slow line."""

_log = logging.getLogger(__name__)


class Line(ServerConnection):
    """A connection that counts what comes, also before a message or its greeting is complete.

    Until `let_in`, it is a stranger's, and its messages may only be as long as a greeting. It is
    one from its first packet on: TLS is agreed on in here, not before, so that a crowd that opens
    connections and says nothing gives way like any other.

    The class that `line_of` makes has what websockets, which makes the connections, can't pass on.
    """

    strangers: Strangers
    tls: ssl.SSLContext | None = None
    tls_seconds: float = 10

    received = 0
    """Bytes that came."""

    _wire: asyncio.Transport | None = None
    _agreeing: asyncio.Task[None] | None = None
    _is_made = False
    _is_lost = False
    _early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._wire = cast("asyncio.Transport", transport)
        self.strangers.came(self)
        if self.tls is None:
            self._make(transport)
        else:
            self._wire.pause_reading()  # what comes is for TLS
            wire = self._wire.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_THEIR_WAY)
            with about(address=_address(self._wire)):
                self._agreeing = asyncio.create_task(self._agree(self._wire, self.tls))

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self.received += len(data)
        if self._is_made:
            super().data_received(data)
        else:  # it came with the last word of TLS, which `_agree` has not been told of yet
            self._early += data

    def eof_received(self) -> None:
        """See `asyncio.Protocol`."""
        if self._is_made:
            super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._is_lost = True
        self.strangers.left(self)
        if self._is_made:
            super().connection_lost(exc)

    async def _agree(self, wire: asyncio.Transport, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        encrypted: asyncio.Transport | None = None
        try:
            encrypted = await loop.start_tls(  # type: ignore[call-arg]  # new in Python 3.11
                wire,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=self.tls_seconds,
                ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
            )
        except OSError as error:  # also of who speaks no TLS, or takes too long
            # Who says nothing and goes has only looked whether a server is there.
            if not isinstance(error, ConnectionResetError):
                _log.info("No TLS could be agreed on: %s", type(error).__name__)
        if encrypted is None or self._is_lost:
            wire.abort()
            self.strangers.left(self)
        else:
            self._make(encrypted)

    def _make(self, transport: asyncio.BaseTransport) -> None:
        self._is_made = True
        with about(address=_address(transport)):  # for all that is done about the connection
            super().connection_made(transport)
        if self._early:
            early, self._early = self._early, b""
            super().data_received(early)

    def let_in(self, message_bytes: int) -> None:
        """It is known now who this is; messages may have so many bytes from now on."""
        self.strangers.left(self)
        self.protocol.max_size = message_bytes

    def give_way(self) -> None:
        """End at once, without a word."""
        if self._wire is not None:
            self._wire.abort()

    @property
    def host(self) -> str:
        """The address of the other side."""
        return _address(self.transport)


def _address(transport: asyncio.BaseTransport) -> str:
    """Of the other side, without the port; empty if it is gone already."""
    address: Any = transport.get_extra_info("peername")
    return str(address[0]) if address else ""


def line_of(strangers: Strangers, tls: ssl.SSLContext | None, tls_seconds: float) -> type[Line]:
    """A class of connections that are these strangers at first, encrypted if there is a context."""
    return type("Line", (Line,), {"strangers": strangers, "tls": tls, "tls_seconds": tls_seconds})
