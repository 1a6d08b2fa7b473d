"""One connection to a server, from the handshake to its end."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import cast

from scumble_protocol.blobs import Base
from scumble_protocol.client.address import Address
from scumble_protocol.client.connecting import OPEN_SECONDS, no_answer, open_connection
from scumble_protocol.client.websocket import ClientConnection, ConnectionClosed
from scumble_protocol.errors import ErrorCode, PeerError, error_of
from scumble_protocol.messages import ClientMessage, Hello, Refused, Welcome
from scumble_protocol.session import ClientSession, ClientSessionEvent

Arrival = bytes | None
"""A frame as it came, or None for the end of the connection."""


class Link:
    """An open connection whose greeting is over; made by `Link.open`.

    `websockets` may be sent to by one thread while another receives, so a second thread only takes
    frames off the socket and hands them on. Thus the thread that sends is woken at once by whatever
    comes first, a frame or a command, and never waits in vain.
    """

    def __init__(self, connection: ClientConnection, session: ClientSession, url: str) -> None:
        self._connection = connection
        self._session = session
        self._url = url
        self._uploads: deque[Iterator[bytes]] = deque()

    @classmethod
    def open(cls, address: Address, hello: Hello) -> tuple[Link, Welcome]:
        """Connect, greet, and wait for the answer.

        Raises:
            PeerError: No server is there, it is no Scumble server or another one than it should
                be, or it refuses us: a wrong token, or a protocol that is too old or too new.
        """
        connection = open_connection(address.url, address.fingerprint)
        link = cls(connection, ClientSession(hello), address.url)
        try:
            return link, link._greet()
        except BaseException:
            link.close()
            raise

    def listen(self, hand_on: Callable[[Arrival], None]) -> None:
        """Start handing on every frame, and None at the end; `hand_on` runs on another thread."""
        thread = threading.Thread(
            target=self._listen, args=(hand_on,), name="scumble-listen", daemon=True
        )
        thread.start()

    def send(self, message: ClientMessage) -> None:
        """Send a message.

        Raises:
            PeerError: The connection is lost.
        """
        self._send(self._session.send(message))

    def upload(self, blob: str, data: bytes, base: Base | None = None) -> None:
        """Have a blob sent, piece by piece, after those before it; of a base what differs."""
        self._uploads.append(self._session.send_blob(blob, data, base))

    def send_piece(self) -> bool:
        """Send the next piece of the uploads; whether there was one. Raises like `send`."""
        while self._uploads:
            piece = next(self._uploads[0], None)
            if piece is not None:
                self._send(piece)
                return True
            self._uploads.popleft()
        return False

    def receive(self, arrival: Arrival) -> list[ClientSessionEvent]:
        """What the server says by this.

        Raises:
            PeerError: The connection is lost.
            ProtocolError: The server breaks the protocol.
        """
        if arrival is None:
            raise self._lost()
        return self._session.receive(arrival)

    def close(self) -> None:
        """End the connection; does nothing if it has ended."""
        self._connection.close()

    def _send(self, frame: bytes) -> None:
        try:
            self._connection.send(frame)
        except ConnectionClosed as error:
            raise self._lost() from error

    def _lost(self) -> PeerError:
        return PeerError(
            ErrorCode.DISCONNECTED,
            f"The connection to the Scumble server at {self._url} was lost.",
            "Jobs that it accepted go on, and their results come once it is reached again.",
        )

    def _listen(self, hand_on: Callable[[Arrival], None]) -> None:
        try:
            for frame in self._connection:
                hand_on(frame if isinstance(frame, bytes) else frame.encode())
        except ConnectionClosed:
            pass  # how it ended makes no difference: the None below says that it did
        hand_on(None)

    def _greet(self) -> Welcome:
        try:
            for greeting in self._session.frames_to_send():
                self._connection.send(greeting)
            frame = self._connection.recv(timeout=OPEN_SECONDS, decode=False)
        except TimeoutError as error:
            raise no_answer(self._url) from error
        except ConnectionClosed as error:
            raise self._lost() from error
        for answer in self._session.receive(frame):
            if isinstance(answer, Refused):
                raise error_of(answer.code, answer.message, answer.hint)
        return cast("Welcome", self._session.welcome)  # the session lets nothing else through
