"""A client's and a server's session joined without a network, checking exchanges at both ends."""

from __future__ import annotations

from collections.abc import Callable

from scumble_protocol.blobs import BlobArrived, ReadBase
from scumble_protocol.errors import ScumbleError
from scumble_protocol.messages import (
    ClientMessage,
    Encoding,
    Hello,
    Limits,
    ServerMessage,
    Welcome,
)
from scumble_protocol.session import ClientSession, ServerSession, ServerSessionEvent
from tests.protocol import samples


def let_in(hello: Hello) -> ScumbleError | None:
    """Whoever says hello."""
    assert hello.client
    return None


class Pair:
    """Both ends of a connection whose greeting is over."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        encodings: tuple[Encoding, ...] = (Encoding.RAW,),
        authorize: Callable[[Hello], ScumbleError | None] = let_in,
        read_base: ReadBase | None = None,
    ) -> None:
        limits = limits or Limits()
        self.hello = Hello(1, "test", "0.1", "token", (), encodings)
        self.client = ClientSession(self.hello)
        self.server = ServerSession(limits, authorize, read_base=read_base)
        (greeting,) = self.client.frames_to_send()
        assert self.server.receive(greeting) == [self.hello]
        self.welcome = Welcome(
            protocol=1,
            version="0.1",
            device=samples.WELCOME.device,
            models=(),
            samplers=(),
            limits=limits,
            encodings=self.server.encodings,
            lost=(),
        )
        assert self.say(self.welcome) == self.welcome

    def ask(self, message: ClientMessage) -> list[ServerSessionEvent]:
        """The client sends; what the server has to know of it."""
        return self.server.receive(self.client.send(message))

    def say(self, message: ServerMessage) -> ServerMessage:
        """The server sends; it arrives at the client as it is."""
        assert self.client.receive(self.server.send(message)) == [message]
        return message

    def upload(self, blob: str, data: bytes) -> list[ServerSessionEvent]:
        """The client sends a blob; what the server has to know of it."""
        frames = self.client.send_blob(blob, data)
        return [event for frame in frames for event in self.server.receive(frame)]

    def download(self, blob: str, data: bytes) -> list[ServerMessage | BlobArrived]:
        """The server sends a blob; what the client has to know of it."""
        frames = self.server.send_blob(blob, data)
        return [event for frame in frames for event in self.client.receive(frame)]
