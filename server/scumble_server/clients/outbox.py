"""What one client is still to be sent: messages before pictures, and no stale previews."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from scumble_protocol import codec
from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import Encoding, Models, Preview, Progress, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scumble_protocol.messages import ServerMessage
    from scumble_protocol.session import ServerSession
    from scumble_server.jobs.blobstore import BlobStore

_FULL = 1000
"""Messages. No ordinary client comes near; one that asks without reading the answers does."""

_FULL_OF_BLOBS = 4096
"""Pictures that a client wants at once; the results of all the jobs that it may have are fewer."""


def lost_picture() -> Refused:
    """The answer to wanting what is not there, or was damaged on disk."""
    return Refused(
        "",
        ErrorCode.UNKNOWN_JOB,
        "The server no longer has a picture that was asked for.",
        "Do the job again.",
    )


class Outbox:
    """The messages and blobs that wait for the connection to take them.

    A client that reads slowly gets only the newest progress and the newest preview of each job:
    an older one that still waits gives way. So a preview never piles up, and nothing else can be
    lost.

    Args:
        session: Makes the frames, in the order in which they are sent.
        store: Where the blobs are.
        most_bytes: Of waiting messages; above it, `room` waits.
    """

    def __init__(self, session: ServerSession, store: BlobStore, most_bytes: int) -> None:
        self._session = session
        self._store = store
        self._most_bytes = most_bytes
        self._bytes = 0
        self._messages: deque[ServerMessage] = deque()
        self._blobs: deque[str] = deque()
        self._frames: Iterator[bytes] = iter(())
        self._has_work = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_told = asyncio.Event()
        self._is_told.set()

    def send(self, message: ServerMessage) -> None:
        """Send a message, after those before it."""
        if isinstance(message, (Progress, Preview, Models)):
            self._drop_older(message)
        self._messages.append(message)
        self._bytes += _bytes(message)
        self._is_told.clear()
        self._has_work.set()
        if len(self._messages) >= _FULL or self._bytes >= self._most_bytes:
            self._has_room.clear()

    def send_blob(self, blob: str) -> None:
        """Send a blob of the store when no message waits."""
        self._blobs.append(blob)
        self._has_work.set()
        if len(self._blobs) >= _FULL_OF_BLOBS:
            self._has_room.clear()

    async def room(self) -> None:
        """Wait until not too many messages wait."""
        await self._has_room.wait()

    async def told(self) -> None:
        """Wait until the connection has taken every message; pictures may still wait."""
        await self._is_told.wait()

    async def frames(self) -> AsyncIterator[bytes]:
        """Every frame to send, in order, without end."""
        while True:
            # Before looking, so that nothing that comes meanwhile is slept over.
            self._has_work.clear()
            if self._messages:
                message = self._messages.popleft()
                self._bytes -= _bytes(message)
                yield self._session.send(message)
                self._look_for_room()
                if not self._messages:
                    self._is_told.set()
            elif (frame := await self._next_chunk()) is not None:
                yield frame
            else:
                await self._has_work.wait()

    async def _next_chunk(self) -> bytes | None:
        if (frame := await self._cut()) is not None or not self._blobs:
            return frame
        blob = self._blobs.popleft()
        self._look_for_room()
        try:
            data = self._store.at_hand(blob)
            if data is None:  # a file is read, which must not keep the other clients waiting
                data = await asyncio.to_thread(self._store.get, blob)
        except KeyError:
            self.send(lost_picture())
            return None
        self._frames = self._session.send_blob(blob, data)
        return await self._cut()

    async def _cut(self) -> bytes | None:
        if self._session.encodings[:1] in ((), (Encoding.RAW,)):
            return next(self._frames, None)
        return await asyncio.to_thread(next, self._frames, None)  # packing takes its time

    def _look_for_room(self) -> None:
        if not self._messages and len(self._blobs) < _FULL_OF_BLOBS:
            self._has_room.set()

    def _drop_older(self, message: Progress | Preview | Models) -> None:
        for place, waiting in enumerate(self._messages):
            if type(waiting) is type(message) and _job(waiting) == _job(message):
                self._bytes -= _bytes(waiting)
                del self._messages[place]
                return


def _job(message: ServerMessage) -> str:
    return getattr(message, "job", "")


def _bytes(message: ServerMessage) -> int:
    """About how much memory a message takes."""
    if isinstance(message, Preview):
        return len(message.pixels.data)
    return len(codec.encode(message))
