"""The server as clients find it: its socket, its certificate, and whoever came through the door."""

from __future__ import annotations

import errno
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from websockets.asyncio.server import serve
from websockets.typing import Subprotocol

from scumble_protocol.endpoint import Endpoint
from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.messages import SUBPROTOCOL
from scumble_server.clients.addresses import own_names, server_urls
from scumble_server.clients.certificate import Identity, kept_identity, own_identity
from scumble_server.clients.connection import Connection
from scumble_server.clients.gate import Gate
from scumble_server.clients.line import Line, line_of
from scumble_server.clients.offers import Offers
from scumble_server.clients.reception import Reception
from scumble_server.clients.registry import Registry
from scumble_server.clients.strangers import Strangers
from scumble_server.clients.users import is_loopback

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection

    from scumble_protocol.errors import ScumbleError
    from scumble_server.clients.service import Service
    from scumble_server.config import ServerConfig
    from scumble_server.state import StateFolder

_CLOSE_SECONDS = 0.8
"""For a client to say goodbye; one that hangs must not keep the server from ending."""

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (only to name the way from here)

_NONSENSE = ("opening handshake failed", "unexpected internal error")
"""What websockets logs where a request is none, or something comes after it."""

_REASON_LETTERS = 200
"""Of why somebody was turned away: enough for a sentence, not for a log that strangers fill."""

_FRAMES = 4
"""That wait to be looked at, of one connection: pictures come in chunks, of which one is looked at
while the next comes in."""


class House:
    """Where clients come to.

    Args:
        config: The settings.
        folder: Where certificate and clients are kept.
        service: What they are served.
        token: What the machine's owner says.

    Raises:
        ServerError: The certificate can't be read or made.
        RequestError: The user's own certificate can't be used.
    """

    def __init__(
        self, config: ServerConfig, folder: StateFolder, service: Service, token: str
    ) -> None:
        self._config = config
        self._service = service
        self._token = token
        self._identity = _identity(config, folder)
        self._offers = Offers(self._identity.fingerprint if self._identity else "")
        self.port = config.port
        """The port, once it is open."""
        self._reception = Reception(
            token,
            Registry(folder.root),
            self._offers,
            links=config.links,
            connections=config.limits.connections,
            addresses=self._urls,
            dismiss=service.dismiss,
        )
        # Their own thread: a tokenizer that is being read must not keep pictures from the disk.
        self._questions = ThreadPoolExecutor(1, "scumble-questions")
        self.connections: set[Connection] = set()
        """Those that are open, whoever they are."""

    async def open(self, port: int = 0) -> Server:
        """Listen.

        Args:
            port: Where to; 0 leaves it to the settings.

        Raises:
            ServerError: PORT_IN_USE.
            RequestError: The host is not one of this machine.
        """
        names = () if self._config.is_loopback else own_names()
        gate = Gate(
            frozenset(self._config.origins),
            frozenset(name.lower() for name in (*names, *self._config.hosts)),
        )
        try:
            server = await serve(
                self._handle,
                self._config.host,
                port or self._config.port,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                compression=None,  # a hundred times slower than sending pixels as they are
                max_size=self._config.links.hello_bytes,  # until it is known who it is
                max_queue=_FRAMES,
                process_request=gate.refusal,
                server_header=None,
                open_timeout=self._config.links.hello_seconds,
                ping_interval=self._config.links.ping_seconds,
                ping_timeout=None,  # what counts is any byte, not only the answer to a ping
                close_timeout=_CLOSE_SECONDS,
                logger=_websocket_log(),
                create_connection=self._line(),
            )
        except OSError as error:
            raise _listening_error(error, self._config) from error
        self.port = next(iter(server.sockets)).getsockname()[1]
        places = [place.getsockname()[0] for place in server.sockets]
        if self._identity is None and not all(is_loopback(place) for place in places):
            server.close()  # a `localhost` that is none: nothing is said there unencrypted
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{self._config.host} is {', '.join(places)} here, which others can reach.",
                "Use --host 127.0.0.1 for this machine alone, or 0.0.0.0 for others, too.",
            )
        return server

    def endpoint(self, server: Server, version: str) -> Endpoint:
        """How programs on this machine find it."""
        host = next(iter(server.sockets)).getsockname()[0]
        fingerprint = self._offers.fingerprint
        return Endpoint(
            _ANYWHERE.get(host, host), self.port, self._token, os.getpid(), version, fingerprint
        )

    def close(self) -> None:
        """Answer no more questions."""
        self._offers.close()
        self._questions.shutdown(wait=False, cancel_futures=True)

    async def _handle(self, websocket: ServerConnection) -> None:
        assert isinstance(websocket, Line)  # noqa: S101  (what `line_of` makes)
        connection = Connection(
            websocket,
            self._service,
            self._reception,
            links=self._config.links,
            questions=self._questions,
        )
        self.connections.add(connection)
        try:
            await connection.serve()
        finally:
            self.connections.discard(connection)

    def _line(self) -> type[Line]:
        context = self._identity.context if self._identity else None
        links = self._config.links
        return line_of(Strangers(links.strangers), context, links.hello_seconds)

    def _urls(self) -> tuple[str, ...]:
        return server_urls(self._config.host, self.port, is_tls=self._config.is_tls)


def _websocket_log() -> logging.Logger:
    """What websockets says, without the tracebacks of what any stranger can bring about."""
    log = logging.getLogger("scumble_server.websocket")
    log.addFilter(_calmly)
    return log


def _calmly(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and isinstance(error.__cause__, EOFError):
        return False  # somebody looked whether a server is there, and said nothing
    if record.msg in _NONSENSE:
        if error is not None:
            record.msg, record.args = "%s: %s", (record.msg, _in_words(error))
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def _in_words(error: BaseException) -> str:
    """What was wrong, on one line; some of it is what a stranger said."""
    why = " because ".join(str(each) for each in (error, error.__cause__) if each is not None)
    return "".join(letter for letter in why if letter.isprintable())[:_REASON_LETTERS]


def _identity(config: ServerConfig, folder: StateFolder) -> Identity | None:
    if config.tls_cert is not None and config.tls_key is not None:
        return own_identity(config.tls_cert, config.tls_key)
    return kept_identity(folder.tls) if config.is_tls else None


def _listening_error(error: OSError, config: ServerConfig) -> ScumbleError:
    if error.errno == errno.EADDRINUSE:
        return ServerError(
            ErrorCode.PORT_IN_USE,
            f"Port {config.port} of {config.host} is used by another program.",
            "Choose another port, or 0 for any free one.",
        )
    return RequestError(
        ErrorCode.INVALID_VALUE,
        f"The server can't listen on {config.host}, port {config.port}: {error.strerror or error}.",
        "Choose another --host or --port.",
    )
