"""TLS for one thread that reads while another one writes.

OpenSSL lets only one thread at a time touch a connection
(https://docs.openssl.org/3.0/man7/openssl-threads/), and Python's `ssl.SSLSocket` sees to that only
since 3.13. `websockets` reads and writes at once, whereupon about one greeting in a hundred was
never read. So here TLS works on bytes in memory, one thread at a time; the network is read and
written outside of that.
"""

from __future__ import annotations

import socket
import ssl
import threading
from typing import Any

_RECORD_BYTES = 16 * 1024
"""Most plain bytes of one record (RFC 8446, 5.1)."""

_PIECE_BYTES = 2**20

_ON_THEIR_WAY = 2**18
"""Bytes that the system takes before they are sent: with megabytes of them, as it takes by itself,
a slow line would keep a cancel or a ping waiting for minutes."""


class Tls:
    """Stands for an `ssl.SSLContext` where `websockets` asks for one.

    Args:
        context: How to talk TLS.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def wrap_socket(self, connected: socket.socket, server_hostname: str) -> TlsSocket:
        """Talk TLS on a socket; returns when both sides have agreed how.

        Raises:
            OSError: The other side is not trusted, or talks no TLS.
        """
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_THEIR_WAY)
        secure = TlsSocket(connected, self._context, server_hostname)
        secure.shake_hands()
        return secure


class TlsSocket:
    """As much of a socket as `websockets` uses.

    Args:
        connected: The socket below.
        context: How to talk TLS.
        server_hostname: Who is to be at the other end.
    """

    def __init__(
        self, connected: socket.socket, context: ssl.SSLContext, server_hostname: str
    ) -> None:
        self._socket = connected
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_hostname
        )
        self._touching = threading.Lock()
        self._sending = threading.Lock()

    def shake_hands(self) -> None:
        """Agree with the other side; raises `OSError` where that does not work."""
        while not self._agrees():
            self._take_in()

    def getpeercert(self, *, binary_form: bool) -> Any:
        """The other side's certificate."""
        return self._tls.getpeercert(binary_form)

    def recv(self, most: int) -> bytes:
        """Wait for bytes; none at the end of the connection."""
        while True:
            with self._touching:
                try:
                    return self._tls.read(max(most, _RECORD_BYTES))
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLEOFError:  # it was cut, rather than ended
                    return b""
            self._take_in()

    def sendall(self, data: bytes) -> None:
        """Send all of it; what was to be said because of something that came goes with it."""
        view = memoryview(data)
        with self._sending:
            for start in range(0, len(view), _PIECE_BYTES):
                with self._touching:
                    self._tls.write(view[start : start + _PIECE_BYTES])
                self._send_packed()

    def _agrees(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        else:
            return True
        finally:
            self._send_packed()  # an alert too, so that the other side knows why

    def _take_in(self) -> None:
        packed = self._socket.recv(_PIECE_BYTES)
        with self._touching:
            if packed:
                self._incoming.write(packed)
            else:
                self._incoming.write_eof()

    def _send_packed(self) -> None:
        with self._touching:
            packed = self._outgoing.read()
        self._socket.sendall(packed)

    def __getattr__(self, name: str) -> Any:
        """Timeouts, closing and the like are the business of the socket below."""
        return getattr(self._socket, name)
