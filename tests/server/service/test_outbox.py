from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from scumble_protocol import codec
from scumble_protocol.blobs import blob_id
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    SERVER_MESSAGES,
    Accepted,
    Attach,
    Chunk,
    Device,
    Encoding,
    Hello,
    JobEvent,
    Limits,
    Message,
    Phase,
    Preview,
    Progress,
    Refused,
    Started,
    Status,
    Welcome,
)
from scumble_protocol.pixels import PixelFormat, Pixels
from scumble_protocol.session import ServerSession
from scumble_server.clients.outbox import Outbox
from scumble_server.jobs.blobstore import BlobStore
from tests.timing import MS

STATUS = Status(0.0, 0, 0, 0, ())
PICTURE = bytes(250)


def greeted(
    folder: Path, *encodings: Encoding, most_bytes: int = 2**20
) -> tuple[Outbox, ServerSession]:
    session = ServerSession(Limits(chunk_bytes=100), lambda _hello: None)
    session.receive(codec.encode(Hello(PROTOCOL_VERSION, "test", "1", "", (), encodings)))
    device = Device("cpu", "test", 0)
    session.send(Welcome(PROTOCOL_VERSION, "1", device, (), (), Limits(), session.encodings, ()))
    session.receive(codec.encode(Attach("one", 0)))
    store = BlobStore(folder, budget=2**20, memory=0)
    store.put(blob_id(PICTURE), PICTURE)
    return Outbox(session, store, most_bytes), session


def progress(number: int) -> Progress:
    return Progress("one", number, Phase.SAMPLING, 1, 2, -1.0, "")


def preview(number: int) -> Preview:
    pixels = Pixels(Size(1, 1), PixelFormat.RGBA8, bytes(4))
    return Preview("one", number, Rect(0, 0, 1, 1), pixels)


def sent(outbox: Outbox, between: Callable[[int], None] = lambda _count: None) -> list[Message]:
    """Everything that the outbox gives until it waits; `between` is called after each frame."""

    async def collect() -> list[Message]:
        messages: list[Message] = []
        frames = outbox.frames()
        while True:
            try:
                frame = await asyncio.wait_for(anext(frames), 200 * MS)
            except asyncio.TimeoutError:
                return messages
            messages.append(codec.decode(frame, SERVER_MESSAGES))
            between(len(messages))

    return asyncio.run(collect())


def test_messages_go_out_in_order(tmp_path: Path) -> None:
    outbox, _ = greeted(tmp_path)
    events: list[JobEvent] = [Accepted("one", 1, 0), Started("one", 2), progress(3)]
    for event in events:
        outbox.send(event)
    assert sent(outbox) == events


def test_only_the_newest_progress_and_preview_wait_for_a_slow_client(tmp_path: Path) -> None:
    outbox, _ = greeted(tmp_path)
    outbox.send(Accepted("one", 1, 0))
    outbox.send(Started("one", 2))
    for number in range(3, 1000, 2):
        outbox.send(progress(number))
        outbox.send(preview(number + 1))
    assert [getattr(message, "number", None) for message in sent(outbox)] == [1, 2, 999, 1000]


def test_a_message_goes_between_the_chunks_of_a_picture(tmp_path: Path) -> None:
    outbox, _ = greeted(tmp_path)
    outbox.send_blob(blob_id(PICTURE))

    def interrupt(count: int) -> None:
        if count == 1:
            outbox.send(STATUS)

    kinds = [type(message) for message in sent(outbox, interrupt)]
    assert kinds == [Chunk, Status, Chunk, Chunk]


@pytest.mark.parametrize("encodings", [(), (Encoding.RAW,), (Encoding.ZLIB,)])
def test_a_picture_goes_out_whole_in_every_encoding(
    encodings: tuple[Encoding, ...], tmp_path: Path
) -> None:
    outbox, session = greeted(tmp_path, *encodings)
    outbox.send_blob(blob_id(PICTURE))
    chunks = sent(outbox)
    assert [chunk.offset for chunk in chunks if isinstance(chunk, Chunk)] == [0, 100, 200]
    assert session.encodings == encodings


def test_a_message_that_comes_while_a_picture_is_packed_is_not_slept_over(tmp_path: Path) -> None:
    outbox, _ = greeted(tmp_path, Encoding.ZLIB)

    async def collect() -> list[bytes]:
        frames = outbox.frames()
        first = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(0)
        outbox.send(STATUS)  # the outbox waits for the packing thread, which has nothing to pack
        return [await asyncio.wait_for(first, 5000 * MS)]

    assert [codec.decode(frame, SERVER_MESSAGES) for frame in asyncio.run(collect())] == [STATUS]


def test_a_picture_that_was_lost_is_said_and_the_next_one_is_sent(tmp_path: Path) -> None:
    outbox, _ = greeted(tmp_path)
    (tmp_path / blob_id(PICTURE)).write_bytes(b"damaged")
    outbox.send_blob(blob_id(PICTURE))
    outbox.send(STATUS)
    assert [type(message) for message in sent(outbox)] == [Status, Refused]


def test_who_asks_without_reading_the_answers_has_to_wait(tmp_path: Path) -> None:
    outbox, _ = greeted(tmp_path)

    async def flood() -> None:
        for _ in range(2000):
            outbox.send(STATUS)
            await asyncio.wait_for(outbox.room(), 50 * MS)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(flood())
    assert len(sent(outbox)) == 1000
    asyncio.run(asyncio.wait_for(outbox.room(), 50 * MS))
