"""A real websocket server that gives every picture back as it came; tests say when and how."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from scumble_protocol.choices import Sampler
from scumble_protocol.client import Address
from scumble_protocol.errors import ErrorCode, PeerError, ProtocolError, ScumbleError
from scumble_protocol.job_list import AskJobs, Jobs
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    Accepted,
    Acknowledge,
    AskNames,
    AskStatus,
    Attach,
    Cancel,
    Cancelled,
    ClientMessage,
    Device,
    Finished,
    Forget,
    Hello,
    JobEvent,
    Limits,
    ListModels,
    Measure,
    Measured,
    ModelInfo,
    ModelKind,
    Models,
    Names,
    PhaseTime,
    Refused,
    ResultLayer,
    ServerMessage,
    Started,
    Status,
    Submit,
    Want,
    Welcome,
)
from scumble_protocol.pairing import AskClients, Clients, Pair, Paired, prove
from scumble_protocol.requests import Regenerate, Request
from scumble_protocol.session import BlobArrived, BlobSpoilt, InvalidSubmit, ServerSession
from tests.client.certificates import Certificate
from tests.client.tls_front import TlsFront

RIGHT = "the right token"

MODELS = (
    ModelInfo(
        "starter", "Starter", ModelKind.DIFFUSION, "sd1", 128, 256, 8, False, True, 0, 0, 10, 3.0,
        Sampler.DDIM,
    ),
    ModelInfo(
        "lanczos", "Lanczos", ModelKind.UPSCALER, "lanczos", 0, 0, 1, False, True, 0, 1, 0, 0.0,
        Sampler.DDIM,
    ),
)  # fmt: skip


@dataclass
class Memory:
    """What outlives a server: its journal and its blobs."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    events: dict[str, list[JobEvent]] = field(default_factory=dict)


class PassingServer:
    """Serves until `stop`; `is_held` keeps accepted jobs from being finished until `finish`."""

    def __init__(
        self,
        memory: Memory | None = None,
        *,
        port: int = 0,
        limits: Limits | None = None,
        is_held: bool = False,
        certificate: Certificate | None = None,
    ) -> None:
        self.certificate = certificate
        self.offered = ""  # the code that is good now
        self.memory = memory or Memory()
        self.limits = limits or Limits()
        self.is_held = is_held
        self.received: list[ClientMessage] = []
        self.arrived: list[str] = []
        self.bases_are_lost = False
        self.order: list[object] = []  # of both, as they came
        self.frames: list[int] = []
        self.is_reading = threading.Event()
        self.is_reading.set()
        self.pause_at: int | None = None  # after so many frames it stops to read by itself
        self.visits: list[Visit] = []
        self._server: Server = serve(
            self._visit,
            sock=_listening(port),
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            max_size=None,
            close_timeout=1,
        )
        self.port: int = self._server.socket.getsockname()[1]
        self._front = TlsFront(certificate, self.port) if certificate else None
        if self._front is not None:
            self.port = self._front.port
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def address(self) -> Address:
        if self.certificate is None:
            return Address(f"ws://127.0.0.1:{self.port}", RIGHT)
        return Address(f"wss://127.0.0.1:{self.port}", RIGHT, self.certificate.fingerprint)

    def authorize(self, hello: Hello) -> ScumbleError | None:
        if hello.token == RIGHT:
            return None
        return PeerError(ErrorCode.UNAUTHORIZED, "The token is wrong.", "Restart the editor.")

    def finish(self, job: str) -> None:
        """Finish a held job on every connection that watches it."""
        for event in (Started(job, 2), _finished(job, self.memory.requests[job])):
            self.tell(event)

    def tell(self, event: JobEvent) -> None:
        self.memory.events.setdefault(event.job, []).append(event)
        for visit in list(self.visits):
            if event.job in visit.watched:
                with contextlib.suppress(ConnectionClosed):  # it will ask again when it is back
                    visit.say(event)

    def drop(self) -> None:
        """Cut every connection without a word."""
        for visit in list(self.visits):
            with contextlib.suppress(OSError):  # it has ended by itself
                visit.connection.socket.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self.is_reading.set()
        if self._server.socket.fileno() >= 0:
            self._server.shutdown()
        self.drop()
        self._thread.join()
        if self._front is not None:
            self._front.stop()
        for visit in list(self.visits):
            visit.over.wait()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # stopped before it began
            self._server.serve_forever()

    def _visit(self, connection: ServerConnection) -> None:
        visit = Visit(self, connection)
        self.visits.append(visit)
        try:
            visit.run()
        except (ConnectionClosed, ProtocolError):
            connection.close()
        finally:
            self.visits.remove(visit)
            visit.over.set()


class Visit:
    """One connection."""

    def __init__(self, server: PassingServer, connection: ServerConnection) -> None:
        self.server = server
        self.connection = connection
        self.session = ServerSession(server.limits, server.authorize, read_base=self._piece)
        self.watched: set[str] = set()
        self.over = threading.Event()
        self._submits: dict[str, Submit] = {}
        self._lock = threading.Lock()

    def run(self) -> None:
        for frame in self.connection:
            assert isinstance(frame, bytes)
            self.server.frames.append(len(frame))
            if len(self.server.frames) == self.server.pause_at:
                self.server.is_reading.clear()
            self.server.is_reading.wait()
            for event in self.session.receive(frame):
                self._react(event)
            for answer in self.session.frames_to_send():
                self.connection.send(answer)
            if self.session.closed:
                self.connection.close(1008)

    def say(self, message: ServerMessage) -> None:
        with self._lock:
            self.connection.send(self.session.send(message))

    def _piece(self, base: str, start: int, length: int) -> bytes:
        data = b"" if self.server.bases_are_lost else self.server.memory.blobs[base]
        return data[start : start + length]

    def _react(self, event: ClientMessage | BlobArrived | BlobSpoilt | InvalidSubmit) -> None:
        self.server.order.append(event.blob if isinstance(event, BlobArrived) else event)
        if isinstance(event, BlobArrived):
            self.server.arrived.append(event.blob)
            self.server.memory.blobs[event.blob] = event.data
            for submit in list(self._submits.values()):
                self._accept(submit)
        elif isinstance(event, BlobSpoilt):
            self.say(Want((event.blob,)))
        elif isinstance(event, InvalidSubmit):
            error = event.error
            self.say(Refused(event.job, error.code, error.message, error.hint))
        else:
            self.server.received.append(event)
            self._obey(event)

    def _obey(self, message: ClientMessage) -> None:
        match message:
            case Hello() | Pair():
                self.say(self._greet(message))
            case ListModels() | AskStatus() | Measure() | AskNames() | AskJobs() | AskClients():
                self.say(_answer(message))
            case Submit():
                self._consider(message)
            case Want():
                self._send_blobs(message)
            case Attach():
                self._attach(message)
            case Cancel():
                self._cancel(message.job)
            case Forget() | Acknowledge():
                self.server.memory.events.pop(message.job, None)

    def _greet(self, message: Hello | Pair) -> ServerMessage:
        if isinstance(message, Hello):
            return _welcome(message, self.server, self.session)
        certificate = self.server.certificate
        fingerprint = certificate.fingerprint if certificate else ""
        code = self.server.offered
        if message.proof != prove(code, "client", message.nonce, fingerprint):
            return Refused("", ErrorCode.UNAUTHORIZED, "The code is wrong.", "Look at it again.")
        return Paired(RIGHT, prove(code, "server", message.nonce, fingerprint))

    def _consider(self, submit: Submit) -> None:
        self._submits[submit.job] = submit
        missing = self._missing(submit)
        if missing:
            known = self.server.memory.blobs
            bases = (like for like in submit.bases if like.blob in missing and like.base in known)
            self.say(Want(missing, tuple(bases)))
        self._accept(submit)

    def _send_blobs(self, want: Want) -> None:
        for blob in want.blobs:
            for frame in self.session.send_blob(blob, self.server.memory.blobs[blob]):
                self.connection.send(frame)

    def _missing(self, submit: Submit) -> tuple[str, ...]:
        refs = submit.request.blobs
        return tuple(dict.fromkeys(r.blob for r in refs if r.blob not in self.server.memory.blobs))

    def _accept(self, submit: Submit) -> None:
        job = submit.job
        if self._missing(submit) or job not in self._submits:
            return
        del self._submits[job]
        self.watched.add(job)
        self.server.memory.requests[job] = submit.request
        self.server.tell(Accepted(job, 1, 0))
        if not self.server.is_held:
            self.server.finish(job)

    def _attach(self, attach: Attach) -> None:
        events = self.server.memory.events.get(attach.job)
        if events is None:
            self.say(Refused(attach.job, ErrorCode.UNKNOWN_JOB, "No such job.", ""))
            return
        for event in events:
            if event.number > attach.after:
                self.say(event)
        self.watched.add(attach.job)

    def _cancel(self, job: str) -> None:
        if self._submits.pop(job, None) is not None:
            self.say(Cancelled(job, 1))
        elif job in self.watched:
            self.server.tell(Cancelled(job, 9))


def _answer(
    question: ListModels | AskStatus | Measure | AskNames | AskJobs | AskClients,
) -> ServerMessage:
    if isinstance(question, Measure):
        words = len(question.text.split())
        return Measured(question.text, question.model, words, 1, words)
    answers: dict[type, ServerMessage] = {
        ListModels: Models(MODELS),
        AskStatus: Status(1.0, 0, 0, 0, ()),
        AskNames: Names((), (), ()),
        AskJobs: Jobs((), 0),
        AskClients: Clients(()),
    }
    return answers[type(question)]


def _welcome(hello: Hello, server: PassingServer, session: ServerSession) -> Welcome:
    return Welcome(
        protocol=PROTOCOL_VERSION,
        version="test",
        device=Device("cpu", "a processor", 0),
        models=MODELS,
        samplers=tuple(Sampler),
        limits=server.limits,
        encodings=session.encodings,
        lost=tuple(job for job in hello.awaiting if job not in server.memory.events),
    )


def _finished(job: str, request: Request) -> Finished:
    layers: tuple[ResultLayer, ...] = ()
    if isinstance(request, Regenerate):
        layers = tuple(
            ResultLayer(request.context, request.image, request.mask, request.seed + number)
            for number in range(request.count)
        )
    return Finished(job, 7, request, layers, (PhaseTime("sampling", 0.5),))


def _listening(port: int) -> socket.socket:
    """A socket that takes in little more than is read, however much the system would allow."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**18)
    listening.bind(("127.0.0.1", port))
    listening.listen()
    return listening


@contextmanager
def passing_server(
    memory: Memory | None = None,
    *,
    port: int = 0,
    limits: Limits | None = None,
    is_held: bool = False,
    certificate: Certificate | None = None,
) -> Iterator[PassingServer]:
    server = PassingServer(
        memory, port=port, limits=limits, is_held=is_held, certificate=certificate
    )
    try:
        yield server
    finally:
        server.stop()
