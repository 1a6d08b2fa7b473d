"""A wire between a client and a server that can be cut, stopped and slowed down."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

from scumble_protocol import endpoint
from scumble_protocol.client import Address
from tests.faults.forked import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes closing a reset: what is on its way is thrown away."""

UP, DOWN = "up", "down"
"""From the client to the server, and back."""


class Wire:
    """Forwards connections to the server of a state folder, wherever it listens at that time.

    Args:
        state: The state folder.

    Attributes:
        delay: Seconds that each portion takes.
        portion: Most bytes that are forwarded at once.
        connections: How many there were.
    """

    def __init__(self, state: Path) -> None:
        self.delay = 0.0
        self.portion = 2**16
        self.connections = 0
        self._state = state
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: set[socket.socket] = set()
        self._dead: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._left: dict[str, int] = {}
        self._happened = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def locate(self) -> Address:
        """The way to the server through this wire."""
        found = endpoint.read(self._state)
        token = found.token if found else ""
        return Address(f"ws://127.0.0.1:{self._listener.getsockname()[1]}", token)

    def cut(self) -> None:
        """End every connection at once, as a router does that is switched off and on."""
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _reset(end)
        self._happened.set()

    def cut_after(self, count: int, way: str) -> None:
        """Cut once this many more bytes have gone this way, in the midst of whatever they are."""
        self._happened.clear()
        with self._lock:
            self._left[way] = count

    def stop_after(self, count: int, way: str) -> None:
        """As `cut_after`, but the connections stay open, and nothing goes through any more."""
        self._happened.clear()
        with self._lock:
            self._left[f"stop {way}"] = count

    def happened(self) -> None:
        """Wait until it was cut or stopped."""
        assert self._happened.wait(PATIENCE)

    def flow(self) -> None:
        """Let new connections through again; those that were stopped are as dead as ever."""
        with self._lock:
            self._left.clear()
            self._dead |= self._ends
            self._ends = set()
        self._flows.set()

    def close(self) -> None:
        """Take the wire away."""
        self._listener.close()
        self._flows.set()
        self.cut()
        for end in self._dead:
            _reset(end)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            found = endpoint.read(self._state)
            try:
                if found is None:
                    raise ConnectionRefusedError
                server = socket.create_connection((found.host, found.port), 5)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            with self._lock:
                self._ends |= {client, server}
            for source, sink, way in ((client, server, UP), (server, client, DOWN)):
                arguments = (source, sink, way)
                threading.Thread(target=self._forward, args=arguments, daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        with contextlib.suppress(OSError):  # the other direction ended it
            while data := source.recv(self.portion):
                if self.delay:
                    time.sleep(self.delay)
                if not self._may_pass(source):
                    return
                kept = self._until_the_end(data, way)
                sink.sendall(kept)
                if len(kept) < len(data):
                    return
        if self._may_pass(source):
            for end in (source, sink):
                _reset(end)

    def _may_pass(self, source: socket.socket) -> bool:
        with self._lock:
            return self._flows.is_set() and source in self._ends

    def _until_the_end(self, data: bytes, way: str) -> bytes:
        """As much of the data as may still pass; what was planned happens then."""
        with self._lock:
            for name in (way, f"stop {way}"):
                if name not in self._left:
                    continue
                self._left[name] -= len(data)
                if self._left[name] < 0:
                    data = data[: self._left.pop(name)]
                    break
            else:
                return data
        if name == way:
            self.cut()
        else:
            self._flows.clear()
            self._happened.set()
        return data


@contextlib.contextmanager
def wire(state: Path) -> Iterator[Wire]:
    """A wire to the server of this folder."""
    made = Wire(state)
    try:
        yield made
    finally:
        made.close()


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RDWR)
    end.close()
