"""A service with its journal and pictures, a scripted worker, clients that check every frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.blobs import Base, blob_id
from scumble_protocol.geometry import Size
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    Accepted,
    Device,
    Hello,
    Limits,
    Phase,
    ResultLayer,
    Submit,
    Want,
)
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.session import BlobArrived, BlobSpoilt, ClientSession, ServerSession
from scumble_server.app import STARTER_FOLDER
from scumble_server.clients.service import Service
from scumble_server.clients.users import LOCAL
from scumble_server.jobs.blobstore import BlobStore
from scumble_server.jobs.book import JobBook
from scumble_server.jobs.journal import Journal
from scumble_server.jobs.outcomes import Broken, Done, Outcome, Ready, Reported, Stopped
from scumble_server.models.catalog import Catalog
from scumble_server.prompts.library import Library
from scumble_server.prompts.measuring import Measuring
from scumble_server.prompts.wording import check_prompts
from scumble_server.work.report import PreviewReport, ProgressReport
from tests.protocol.samples import IMAGE_BYTES, MASK_BYTES, REGENERATE, STARTER

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_protocol.errors import ScumbleError
    from scumble_protocol.messages import ClientMessage, JobEvent, ModelInfo, ServerMessage
    from scumble_protocol.requests import Request
    from scumble_server.jobs.retention import Keep

RESULT = b"result" * 7
DEVICE = Device("cpu", "test", 0)
BLOBS = {blob_id(data): data for data in (IMAGE_BYTES, MASK_BYTES)}


@dataclass
class ScriptedWorker:
    """Takes jobs down; the test says what becomes of them."""

    given: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def run(self, job: str, request: Request) -> None:
        self.given.append(job)

    def cancel(self, job: str) -> None:
        self.cancelled.append(job)


class Server:
    """One start of a server on a state folder."""

    def __init__(
        self,
        folder: Path,
        limits: Limits | None = None,
        *,
        budget: int = 2**30,
        is_ready: bool = True,
        keep: Keep | None = None,
        wall: float = 0.0,
    ) -> None:
        self.folder = folder
        self.now = 0.0
        self.wall = wall
        self.models: tuple[ModelInfo, ...] = (STARTER,)
        self.journal = Journal(
            folder / "journal.sqlite", lambda: self.wall + self.now, lambda: self.now
        )
        self.store = BlobStore(folder / "blobs", budget=budget, memory=2**20)
        self.book = JobBook(self.journal, self.store, keep)
        self.worker = ScriptedWorker()
        self.service = Service(
            self.book,
            self.store,
            self.worker,
            limits=limits or Limits(),
            version="1",
            device=DEVICE,
            look_up=lambda loaded: tuple(
                replace(model, loaded=model.id in loaded) for model in self.models
            ),
            check=lambda request: check_prompts(request, Library.of(folder)),
            answer=Measuring(
                Catalog([folder / "models"], STARTER_FOLDER), Library.of(folder)
            ).answer,
        )
        if is_ready:
            self.service.happened(Ready(DEVICE, (replace(STARTER, loaded=False),)))
        self.service.begin()

    def kill(self) -> None:
        """End as a killed process does: nothing more is written."""
        self.journal.close()

    def happened(self, outcome: Outcome) -> None:
        self.service.happened(outcome)

    def progress(self, job: str, step: int = 1) -> None:
        self.happened(Reported(job, ProgressReport(Phase.SAMPLING, step, 20)))

    def preview(self, job: str, side: int = 8) -> None:
        self.happened(Reported(job, PreviewReport(np.zeros((side, side, 4), np.uint8))))

    def done(self, job: str, data: bytes = RESULT) -> None:
        blob = blob_id(data)
        self.store.hold([blob, blob])
        self.store.put(blob, data)
        ref = ImageRef(blob, Size(len(data), 1), PixelFormat.GRAY8)
        self.happened(Done(job, (ResultLayer(REGENERATE.context, ref, ref, 42),), ()))

    def broken(self, job: str, error: ScumbleError) -> None:
        self.happened(Broken(job, error))

    def stopped(self, job: str) -> None:
        self.happened(Stopped(job))


class Editor:
    """A client that has `BLOBS`; its messages go through the sessions of both ends."""

    def __init__(
        self,
        server: Server,
        *awaiting: str,
        blobs: dict[str, bytes] | None = None,
        user: str = LOCAL,
    ) -> None:
        self.received: list[ServerMessage] = []
        self.blobs = dict(BLOBS if blobs is None else blobs)
        self.arrived: dict[str, bytes] = {}
        self._server = server
        hello = Hello(PROTOCOL_VERSION, "test", "1", "", tuple(awaiting))
        self._near = ClientSession(hello)
        self._far = ServerSession(
            server.service.limits, lambda _hello: None, read_base=server.store.piece
        )
        (frame,) = self._near.frames_to_send()
        self._far.receive(frame)
        self._talk = server.service.connect(hello, (), self, user)

    # The server's way to the client

    def send(self, message: ServerMessage) -> None:
        for event in self._near.receive(self._far.send(message)):
            assert not isinstance(event, BlobArrived)
            self.received.append(event)

    def send_blob(self, blob: str) -> None:
        for frame in self._far.send_blob(blob, self._server.store.get(blob)):
            for event in self._near.receive(frame):
                assert isinstance(event, BlobArrived)
                self.arrived[event.blob] = event.data

    # The client's way to the server

    def say(self, message: ClientMessage) -> None:
        self.say_frame(self._near.send(message))

    def say_frame(self, frame: bytes) -> None:
        """Say what a well-behaved client would not."""
        for event in self._far.receive(frame):
            assert not isinstance(event, (BlobArrived, BlobSpoilt))
            self._talk.receive(event)

    def upload(self, blob: str, base: str = "") -> None:
        known = Base(base, self.blobs[base]) if base else None
        for frame in self._near.send_blob(blob, self.blobs[blob], known):
            for event in self._far.receive(frame):
                if isinstance(event, BlobSpoilt):
                    self._talk.blob_spoilt(event.blob)
                else:
                    assert isinstance(event, BlobArrived)
                    self._server.store.put(event.blob, event.data)
                    self._talk.blob_stored(event)

    def upload_onto_full_disk(self, blob: str, error: ScumbleError) -> None:
        for frame in self._near.send_blob(blob, self.blobs[blob]):
            self._far.receive(frame)
        self._talk.blob_failed(blob, error)

    def submit(self, job: str, request: Request = REGENERATE) -> None:
        """Submit and upload what is wanted then."""
        before = len(self.received)
        self.say(Submit(job, request))
        self.upload_wanted(before)

    def upload_wanted(self, since: int = 0) -> None:
        for message in self.received[since:]:
            if isinstance(message, Want):
                for blob in message.blobs:
                    self.upload(blob)

    def leave(self) -> None:
        self._server.service.disconnect(self._talk)

    def heard(self, job: str) -> list[str]:
        """The types of the messages about a job, in order."""
        return [message.type for message in self.received if getattr(message, "job", "") == job]

    def events(self, job: str) -> list[JobEvent]:
        return [message for message in self.received if getattr(message, "job", "") == job]  # type: ignore[misc]

    def positions(self) -> list[int]:
        return [message.position for message in self.received if isinstance(message, Accepted)]


def variant(seed: int) -> Request:
    """The same request with another seed: the same blobs, another job."""
    return replace(REGENERATE, seed=seed)
