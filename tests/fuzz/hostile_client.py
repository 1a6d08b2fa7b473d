"""A client that keeps to no rule, and hears how the server takes it."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator
from typing import Any, cast

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from scumble_protocol import codec
from scumble_protocol.client.certificate import tls_for
from scumble_protocol.endpoint import Endpoint
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    SERVER_MESSAGES,
    SUBPROTOCOL,
    Attach,
    Encoding,
    Hello,
    Message,
    Refused,
    ServerMessage,
    Welcome,
)
from tests.timing import MS

PATIENCE = 60_000 * MS
_MARKS = itertools.count()


class HostileClient:
    """A websocket to say anything on.

    Args:
        here: The server.
        token: What to come in by; nothing is said without one.
        awaiting: Jobs that it says to wait for.
    """

    def __init__(self, here: Endpoint, token: str = "", awaiting: tuple[str, ...] = ()) -> None:
        self.socket: ClientConnection = connect(
            here.url,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            proxy=None,
            max_size=None,
            ssl=cast("Any", tls_for(here.url, is_pinned=True)),  # it stands for a context
            close_timeout=1000 * MS,
        )
        self.is_in = False
        self.said: list[bytes] = []
        self.heard: list[bytes] = []
        if token:
            both = (Encoding.RAW, Encoding.ZLIB)
            self.say(Hello(PROTOCOL_VERSION, "mallory", "6", token, awaiting, both))
            self.is_in = any(isinstance(one, Welcome) for one in self._heard(1))

    def say(self, message: Message) -> None:
        """Say something in proper form."""
        self.throw(codec.encode(message))

    def throw(self, frame: bytes | str) -> None:
        """Say anything; what the server has closed takes nothing more."""
        if isinstance(frame, bytes):
            self.said.append(frame)
        with contextlib.suppress(ConnectionClosed):
            self.socket.send(frame)

    def answers(self) -> list[ServerMessage]:
        """What came until the server answered one more question, or closed.

        Raises:
            TimeoutError: It did neither.
        """
        mark = f"mark-{next(_MARKS)}"
        self.say(Attach(mark, 0))  # of which the server can only say that it knows no such job
        return list(self._heard(100_000, until=mark))

    def flood(self, frames: list[bytes]) -> list[ServerMessage]:
        """Throw many, as fast as they go, while listening."""
        sending = threading.Thread(target=self._throw_all, args=(frames,))
        sending.start()
        heard = list(self._heard(len(frames)))
        sending.join(PATIENCE)
        assert not sending.is_alive()
        return heard

    def close(self) -> None:
        self.socket.close()

    def _throw_all(self, frames: list[bytes]) -> None:
        for frame in frames:
            self.throw(frame)

    def _heard(self, most: int, until: str = "") -> Iterator[ServerMessage]:
        for _ in range(most):
            try:
                frame = self.socket.recv(PATIENCE, decode=False)
            except ConnectionClosed:
                self.is_in = False
                return
            self.heard.append(frame)
            message = cast("ServerMessage", codec.decode(frame, SERVER_MESSAGES))
            yield message
            if until and isinstance(message, Refused) and message.job == until:
                return
