"""Both ends of a connection, without socket, thread or clock: frames in, messages out, and back.

A shell owns the websocket. It gives every binary frame that arrives to `receive`, which returns
what the program above should know of; sends every frame that `send`, `send_blob` and
`frames_to_send` give it, in that order; and closes the connection as soon as `closed` is true and
nothing is left to send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scumble_protocol import codec
from scumble_protocol.blobs import Base, BlobTraffic, ReadBase
from scumble_protocol.blobs import BlobArrived as BlobArrived
from scumble_protocol.blobs import BlobSpoilt as BlobSpoilt
from scumble_protocol.errors import ErrorCode, PeerError, ProtocolError, RequestError, ScumbleError
from scumble_protocol.images import ImageRef
from scumble_protocol.lifecycle import OpenJobs
from scumble_protocol.limits import check_request
from scumble_protocol.messages import (
    CLIENT_MESSAGES,
    JOB_EVENTS,
    PROTOCOL_VERSION,
    SERVER_MESSAGES,
    Attach,
    Chunk,
    ClientMessage,
    Copy,
    Encoding,
    Finished,
    Hello,
    Limits,
    Message,
    Refused,
    ServerMessage,
    Submit,
    Want,
    Welcome,
)
from scumble_protocol.pairing import Pair, Paired


@dataclass(frozen=True)
class InvalidSubmit:
    """A `submit` that can't be accepted: the server answers `refused` with this job and error."""

    job: str
    error: RequestError


ClientSessionEvent = ServerMessage | BlobArrived
ServerSessionEvent = ClientMessage | BlobArrived | BlobSpoilt | InvalidSubmit


class ClientSession:
    """The client's end. `frames_to_send` gives the greeting; then nothing goes before `welcome`.

    Args:
        greeting: What to open the connection with; after `pair` comes `paired`, and the end.
    """

    def __init__(self, greeting: Hello | Pair) -> None:
        self._outgoing = [codec.encode(greeting)]
        self._answers = _PAIRINGS if isinstance(greeting, Pair) else _GREETINGS
        self._jobs = OpenJobs()
        self._blobs = BlobTraffic(Limits())
        self._welcome: Welcome | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the shell should close the connection once all frames are sent."""
        return self._closed

    @property
    def welcome(self) -> Welcome | None:
        """The server's `welcome`, as soon as it has come."""
        return self._welcome

    def frames_to_send(self) -> list[bytes]:
        """The frames that the session itself wants sent, each given once."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def send(self, message: ClientMessage) -> bytes:
        """The frame to send for this message.

        Raises:
            ProtocolError: It can't be said now: before `welcome`, after the end, a `submit` or
                `attach` for a job under way on this connection; `hello`, chunks and copies are
                the session's business.
            RequestError: It is longer than the server accepts, or has text that can't be sent.
        """
        if self._welcome is None or self._closed or isinstance(message, _OWN):
            raise ProtocolError(f"{message.type!r} can't be sent now.")
        frame = _framed(message, self._welcome.limits)
        if isinstance(message, Submit):
            self._jobs.open(message.job)
            self._blobs.note(message.request.blobs)
        elif isinstance(message, Attach):
            self._jobs.open(message.job, message.after)
        elif isinstance(message, Want):
            self._blobs.want(message)
        return frame

    def send_blob(self, blob: str, data: bytes, base: Base | None = None) -> Iterator[bytes]:
        """The frames of a blob that the server wants; other frames may go between them.

        Args:
            blob: Its id.
            data: Its bytes.
            base: The base that the server named in its `want`.
        """
        return map(codec.encode, self._blobs.cut(blob, data, base))

    def receive(self, frame: bytes) -> list[ClientSessionEvent]:
        """What a frame from the server says; a chunk says nothing until its blob is complete.

        Raises:
            PeerError: The server speaks another version of the protocol; says which side to update.
            ProtocolError: The server broke the rules. The session is closed then.
        """
        try:
            return self._receive(frame)
        except PeerError:
            self._closed = True
            raise

    def _receive(self, frame: bytes) -> list[ClientSessionEvent]:
        if self._closed:
            raise ProtocolError("The connection is closed.")
        _check_length(frame, self._blobs.limits)
        if self._welcome is None:
            return [self._greet(frame)]
        message = codec.decode(frame, _AFTER_WELCOME)
        if isinstance(message, Chunk):
            arrived = self._blobs.take(message)
            return [arrived] if isinstance(arrived, BlobArrived) else []
        if isinstance(message, JOB_EVENTS):
            self._jobs.tell(message)
        elif isinstance(message, Refused):
            self._jobs.refuse(message)
        return [message]

    def _greet(self, frame: bytes) -> Welcome | Refused | Paired:
        message = codec.decode(frame, self._answers)
        if isinstance(message, (Refused, Paired)):
            self._closed = True
            return message
        if message.protocol != PROTOCOL_VERSION:
            raise _wrong_version(client=PROTOCOL_VERSION, server=message.protocol)
        self._welcome = message
        self._blobs.agree(message.encodings, message.limits)
        return message


class ServerSession:
    """The server's end. The shell answers `hello` with `welcome`, and `pair` with `paired`.

    Args:
        limits: What the server accepts.
        authorize: Whether this client may come in: None, or the error to refuse it with.
        encodings: The chunk encodings that the server has.
        read_base: Gives pieces of the bases that `want` named.
    """

    def __init__(
        self,
        limits: Limits,
        authorize: Callable[[Hello], ScumbleError | None],
        encodings: tuple[Encoding, ...] = (Encoding.RAW, Encoding.ZLIB),
        read_base: ReadBase | None = None,
    ) -> None:
        self._outgoing: list[bytes] = []
        self._jobs = OpenJobs()
        self._blobs = BlobTraffic(limits, read_base)
        self._limits = limits
        self._authorize = authorize
        self._known_encodings = encodings
        self._hello: Hello | None = None
        self._is_pairing = False
        self._welcomed = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the shell should close the connection once all frames are sent."""
        return self._closed

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        """What `welcome` should say of encodings: those of `hello` that the server has too."""
        asked = self._hello.encodings if self._hello else ()
        return tuple(encoding for encoding in asked if encoding in self._known_encodings)

    def frames_to_send(self) -> list[bytes]:
        """The frames that the session itself wants sent, each given once: a last refusal."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def send(self, message: ServerMessage) -> bytes:
        """The frame to send for this message.

        Raises:
            ProtocolError: It can't be said now: `welcome` comes first and once, events keep to the
                life of their job, chunks are the session's business.
            RequestError: It is longer than a message may be, or has text that can't be sent.
        """
        if self._closed or isinstance(message, Chunk) or not self._in_turn(message):
            raise ProtocolError(f"{message.type!r} can't be sent now.")
        frame = _framed(message, self._limits)
        if isinstance(message, Welcome):
            self._welcomed = True
            self._blobs.agree(message.encodings, self._limits)
        elif isinstance(message, Paired):
            self._closed = True
        elif isinstance(message, JOB_EVENTS):
            self._jobs.tell(message)
            if isinstance(message, Finished):
                self._blobs.note(_result_images(message))
        elif isinstance(message, Refused):
            self._jobs.refuse(message)
            self._closed = not self._welcomed
        elif isinstance(message, Want):
            self._blobs.want(message)
        return frame

    def send_blob(self, blob: str, data: bytes) -> Iterator[bytes]:
        """The frames of a blob that the client wants; other frames may go between them."""
        return map(codec.encode, self._blobs.cut(blob, data))

    def receive(self, frame: bytes) -> list[ServerSessionEvent]:
        """What a frame from the client says; a piece of a blob says nothing until that is complete.

        A `submit` or `attach` for a job under way on this connection says nothing either. After
        `hello` of a client that may not come in, the session is closed, with a refusal to send.

        Raises:
            ProtocolError: The client broke the rules. The session is closed then, as above.
        """
        try:
            return self._receive(frame)
        except ProtocolError as error:
            self._refuse(error)
            raise

    def _receive(self, frame: bytes) -> list[ServerSessionEvent]:
        if self._closed:
            raise ProtocolError("The connection is closed.")
        _check_length(frame, self._limits)
        if self._hello is None and not self._is_pairing:
            return self._greet(frame)
        if not self._welcomed:
            raise ProtocolError("Nothing can come between the greeting and its answer.")
        message = self._read(frame)
        if isinstance(message, (Chunk, Copy)):
            arrived = self._blobs.take(message)
            return [arrived] if arrived else []
        if isinstance(message, (Submit, InvalidSubmit, Attach)):
            if message.job in self._jobs:
                return []
            self._jobs.open(message.job, message.after if isinstance(message, Attach) else 0)
        return [message]

    def _read(self, frame: bytes) -> ClientMessage | InvalidSubmit:
        try:
            message = codec.decode(frame, _AFTER_HELLO)
        except codec.IllegalRequestError as error:
            return InvalidSubmit(error.job, error)
        if isinstance(message, Submit):
            try:
                self._check_submit(message)
            except RequestError as error:
                return InvalidSubmit(message.job, error)
        return message

    def _greet(self, frame: bytes) -> list[ServerSessionEvent]:
        protocol = codec.greeting_protocol(frame)
        if protocol != PROTOCOL_VERSION:
            self._refuse(_wrong_version(client=protocol, server=PROTOCOL_VERSION))
            return []
        greeting = codec.decode(frame, _FIRST)
        if isinstance(greeting, Pair):
            self._is_pairing = True
            return [greeting]
        error = self._authorize(greeting)
        if error is not None:
            self._refuse(error)
            return []
        self._hello = greeting
        return [greeting]

    def _check_submit(self, message: Submit) -> None:
        check_request(message.request, self._limits)
        if len(self._jobs) >= self._limits.jobs_per_client:
            raise RequestError(
                ErrorCode.TOO_MANY_JOBS,
                f"{len(self._jobs)} jobs of this editor are unfinished.",
                "Wait for one to finish, or cancel it.",
            )

    def _in_turn(self, message: ServerMessage) -> bool:
        if isinstance(message, Welcome):
            return self._hello is not None and not self._welcomed
        if isinstance(message, Paired):
            return self._is_pairing
        return self._welcomed or isinstance(message, Refused)

    def _refuse(self, error: ScumbleError) -> None:
        if not self._closed:
            refusal = Refused("", error.code, error.message, error.hint)
            self._outgoing.append(codec.encode(refusal))
        self._closed = True


_OWN = (Hello, Pair, Chunk, Copy)
"""What the program above a client's session does not send by itself."""

_FIRST: tuple[type[Hello | Pair], ...] = (Hello, Pair)
_GREETINGS: tuple[type[Welcome | Refused | Paired], ...] = (Welcome, Refused)
_PAIRINGS: tuple[type[Welcome | Refused | Paired], ...] = (Paired, Refused)
_AFTER_WELCOME: tuple[type[ServerMessage], ...] = tuple(
    kind for kind in SERVER_MESSAGES if kind not in {Welcome, Paired}
)
_AFTER_HELLO: tuple[type[ClientMessage], ...] = tuple(
    kind for kind in CLIENT_MESSAGES if kind not in {Hello, Pair}
)


def _result_images(finished: Finished) -> tuple[ImageRef, ...]:
    return tuple(image for layer in finished.layers for image in (layer.image, layer.mask))


def _check_length(frame: bytes, limits: Limits) -> None:
    if len(frame) > limits.message_bytes:
        raise ProtocolError(
            f"A message of {len(frame)} bytes is above the {limits.message_bytes} allowed."
        )


def _framed(message: Message, limits: Limits) -> bytes:
    frame = codec.encode(message)
    if len(frame) > limits.message_bytes:
        raise RequestError(
            ErrorCode.TOO_LARGE,
            f"A message of {len(frame)} bytes is above the {limits.message_bytes} allowed.",
            "Shorten the prompt.",
        )
    return frame


def _wrong_version(*, client: int, server: int) -> PeerError:
    if client < server:
        return PeerError(
            ErrorCode.CLIENT_TOO_OLD,
            f"The plugin speaks version {client} of the protocol, the server version {server}.",
            "Update the plugin.",
        )
    return PeerError(
        ErrorCode.SERVER_TOO_OLD,
        f"The server speaks version {server} of the protocol, the plugin version {client}.",
        "Update the server.",
    )
