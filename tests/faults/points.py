"""The named points of a job's life in a server, where something can happen to it.

A point is reached before or after a function of the server, when a message has gone over the wire,
or when a running job reports. A name that leads nowhere any more is an error at the start, so that
no point is passed by silently.
"""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FUNCTIONS: Final = {
    "journal.accept": "scumble_server.jobs.journal:Journal.accept",
    "journal.note": "scumble_server.jobs.journal:Journal.note",
    "journal.finish": "scumble_server.jobs.journal:Journal.finish",
    "journal.acknowledge": "scumble_server.jobs.journal:Journal.acknowledge",
    "journal.forget": "scumble_server.jobs.journal:Journal.forget",
    "blob.put": "scumble_server.jobs.blobstore:BlobStore.put",
    "blob.release": "scumble_server.jobs.blobstore:BlobStore.release",
    "worker.done": "scumble_server.jobs.worker:Worker._done",
    "engine.run": "scumble_server.engine:DeviceEngine.run",
}
"""Reached as `NAME:before` and `NAME:after`."""


def instrument(reached: Callable[[str], None]) -> None:
    """Have `reached` called at every point, on the thread that gets there.

    Besides those of `FUNCTIONS`: `said.TYPE:before` and `:after` around sending a message,
    `heard.TYPE` before one is obeyed, `phase.PHASE` at each report of a job (not of the loading at
    the start), and `blob.rename` when a blob's file is complete and not yet in its place.
    """
    for point, place in FUNCTIONS.items():
        module, _, name = place.partition(":")
        owner, _, function = name.partition(".")
        _around(getattr(importlib.import_module(module), owner), function, point, reached)
    _listen_to_frames(reached)
    _listen_to_reports(reached)
    _watch_renaming(reached)


def _around(owner: type, function: str, point: str, reached: Callable[[str], None]) -> None:
    original = getattr(owner, function)

    @functools.wraps(original)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        reached(f"{point}:before")
        result = original(*arguments, **named)
        reached(f"{point}:after")
        return result

    setattr(owner, function, wrapped)


def _listen_to_frames(reached: Callable[[str], None]) -> None:
    from websockets.asyncio.server import ServerConnection

    from scumble_protocol import codec
    from scumble_protocol.messages import SERVER_MESSAGES
    from scumble_server.clients.conversation import Conversation

    send, receive = ServerConnection.send, Conversation.receive

    async def told_send(self: ServerConnection, frame: Any, *rest: Any, **named: Any) -> None:
        kind = codec.decode(frame, SERVER_MESSAGES).type if isinstance(frame, bytes) else "text"
        reached(f"said.{kind}:before")
        await send(self, frame, *rest, **named)
        reached(f"said.{kind}:after")

    def told_receive(self: Conversation, message: Any) -> None:
        reached(f"heard.{getattr(message, 'type', 'invalid')}")
        receive(self, message)

    ServerConnection.send = told_send  # type: ignore[method-assign, assignment]
    Conversation.receive = told_receive  # type: ignore[method-assign]


def _listen_to_reports(reached: Callable[[str], None]) -> None:
    from scumble_protocol.requests import LoadModel
    from scumble_server.engine import DeviceEngine
    from scumble_server.work.report import ProgressReport, Report, Reporter

    run = DeviceEngine.run

    def told_run(self: Any, request: Any, blobs: Any, report: Reporter) -> Any:
        def tell(told: Report) -> None:
            if isinstance(told, ProgressReport) and not isinstance(request, LoadModel):
                reached(f"phase.{told.phase.value}")
            report(told)

        return run(self, request, blobs, tell)

    DeviceEngine.run = told_run  # type: ignore[method-assign]


def _watch_renaming(reached: Callable[[str], None]) -> None:
    from pathlib import Path

    replace = Path.replace

    def told_replace(self: Path, target: Any) -> Path:
        if self.suffix == ".part":
            reached("blob.rename")
        return replace(self, target)

    Path.replace = told_replace  # type: ignore[method-assign, assignment]
