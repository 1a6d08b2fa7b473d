"""One websocket: frames in, through the session, to the conversation, and back."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed

from scumble_protocol.errors import ErrorCode, PeerError, ScumbleError, ServerError
from scumble_protocol.messages import AskNames, Hello, ListModels, Measure
from scumble_protocol.session import BlobArrived, ServerSession
from scumble_server.clients.outbox import Outbox
from scumble_server.clients.questions import Questions
from scumble_server.logs import about

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

    from scumble_server.clients.conversation import Conversation
    from scumble_server.clients.service import Service

POLICY_VIOLATION = 1008
"""https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1"""

_log = logging.getLogger(__name__)


class Connection:
    """A client's connection, from its first frame to its end.

    Args:
        websocket: The open websocket.
        service: The server.
        token: What the client must know.
        hello_seconds: How long it may take to say hello.
    """

    def __init__(
        self, websocket: ServerConnection, service: Service, token: str, hello_seconds: float
    ) -> None:
        self._websocket = websocket
        self._service = service
        self._token = token.encode()
        self._hello_seconds = hello_seconds
        self._session = ServerSession(service.limits, self._authorize)
        self._outbox = Outbox(self._session, service.store)

    async def serve(self) -> None:
        """Talk to the client until either side ends it."""
        tasks = [asyncio.create_task(self._receive_all()), asyncio.create_task(self._send_all())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for error in await asyncio.gather(*tasks, return_exceptions=True):
                _note(error)
            await self._part()

    async def told(self) -> None:
        """Wait until all messages to the client are on their way."""
        await self._outbox.told()

    async def _receive_all(self) -> None:
        frame = await asyncio.wait_for(self._websocket.recv(), self._hello_seconds)
        for event in self._session.receive(_binary(frame)):
            if isinstance(event, Hello):
                conversation = self._service.connect(event, self._session.encodings, self._outbox)
                try:
                    with about(client=event.client):
                        await self._converse(conversation)
                finally:
                    self._service.disconnect(conversation)

    async def _converse(self, conversation: Conversation) -> None:
        storing: set[asyncio.Task[None]] = set()
        questions = Questions(
            self._service.answer, self._outbox.send, self._service.limits.prompt_chars
        )
        async for frame in self._websocket:
            for event in self._session.receive(_binary(frame)):
                if isinstance(event, BlobArrived):
                    # Written while the next picture comes in. There are never more of them than
                    # were asked for, which is one job's.
                    task = asyncio.create_task(self._store(conversation, event))
                    storing.add(task)
                    task.add_done_callback(storing.discard)
                elif isinstance(event, (Measure, AskNames)):
                    questions.ask(event)
                elif not isinstance(event, ListModels) or not await self._have_models_changed():
                    with about(job=getattr(event, "job", "")):
                        conversation.receive(event)
            await self._outbox.room()
        await asyncio.gather(*storing)
        await questions.end()

    async def _have_models_changed(self) -> bool:
        """Whether files of models came or went; everybody, also who asked, is told so."""
        return self._service.show(await asyncio.to_thread(self._service.look_up_models))

    async def _store(self, conversation: Conversation, event: BlobArrived) -> None:
        try:
            await asyncio.to_thread(self._service.store.put, event.blob, event.data)
        except ServerError as error:
            conversation.blob_failed(event.blob, error)
        else:
            conversation.blob_stored(event)

    async def _send_all(self) -> None:
        async for frame in self._outbox.frames():
            await self._websocket.send(frame)

    async def _part(self) -> None:
        with contextlib.suppress(ConnectionClosed):  # then nobody is there to be told
            for frame in self._session.frames_to_send():
                await self._websocket.send(frame)
        await self._websocket.close(POLICY_VIOLATION if self._session.closed else 1000)

    def _authorize(self, hello: Hello) -> ScumbleError | None:
        if hmac.compare_digest(hello.token.encode(), self._token):
            return None
        return PeerError(
            ErrorCode.UNAUTHORIZED,
            "The server does not know this token.",
            "Use the token in the server's endpoint.json, or pass it with --token.",
        )


def _note(error: BaseException | None) -> None:
    """Log why a connection ended."""
    if isinstance(error, asyncio.TimeoutError):
        _log.warning("A client did not say hello.")
    elif isinstance(error, ScumbleError):
        _log.warning("A client was sent away: %s", error)
    elif isinstance(error, Exception) and not isinstance(error, ConnectionClosed):
        _log.error("A connection failed.", exc_info=error)


def _binary(frame: str | bytes) -> bytes:
    # A text frame is no msgpack of ours, and the session says so.
    return frame if isinstance(frame, bytes) else frame.encode()
