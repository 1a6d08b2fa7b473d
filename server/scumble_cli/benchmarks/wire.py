"""Counts the bytes between a client and a server, by standing between the two."""

from __future__ import annotations

import dataclasses
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from scumble_protocol.client.address import Address, Locate

PIECE = 2**18


class CountedWire:
    """Hands every byte on, both ways, and counts; for one connection after the other.

    Its own time adds to what passes it, so that times are never taken through it.
    """

    def __init__(self) -> None:
        self.up = 0
        """Bytes from the client to the server, websocket frames included."""
        self.down = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._target: tuple[str, int] | None = None
        threading.Thread(target=self._accept, name="counted-wire", daemon=True).start()

    def reach(self, locate: Locate) -> Locate:
        """Where a client finds the server by way of this."""

        def located() -> Address:
            address = locate()
            parts = urlsplit(address.url)
            self._target = (parts.hostname or "127.0.0.1", parts.port or 0)
            port = self._listener.getsockname()[1]
            return dataclasses.replace(address, url=f"ws://127.0.0.1:{port}")

        return located

    def close(self) -> None:
        """Take no further connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            server = socket.create_connection(self._target or ("127.0.0.1", 0))
            for source, sink, name in ((client, server, "up"), (server, client, "down")):
                threading.Thread(
                    target=self._pass, args=(source, sink, name), name=f"wire-{name}", daemon=True
                ).start()

    def _pass(self, source: socket.socket, sink: socket.socket, name: str) -> None:
        try:
            while data := source.recv(PIECE):
                setattr(self, name, getattr(self, name) + len(data))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()  # either end is gone, which ends the other
            sink.close()
