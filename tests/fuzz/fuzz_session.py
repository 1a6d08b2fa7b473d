"""Fuzzes both ends of a connection: `python -m tests.fuzz.fuzz_session [options] folders…`.

The first byte says which end is tried, the following ones are a script of what happens to it:
frames of every kind as they should be or with one value changed, garbage, chunks that were asked
for or not, in order or not, and what the program above the session says itself.

Only a `ScumbleError` may come out: after one of the peer's the session is closed and stays so.
A picture arrives only if it was asked for, no more often than that, and as its id names it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["scumble_protocol"]):
    from scumble_protocol import codec
    from scumble_protocol.blobs import blob_id, chunks
    from scumble_protocol.errors import PeerError, ProtocolError, ScumbleError
    from scumble_protocol.images import Likeness
    from scumble_protocol.messages import (
        CLIENT_MESSAGES,
        MESSAGES,
        SERVER_MESSAGES,
        Chunk,
        Copy,
        Encoding,
        Hello,
        Limits,
        Message,
        Want,
    )
    from scumble_protocol.packing import Layout
    from scumble_protocol.session import BlobArrived, ClientSession, ServerSession

from tests.fuzz.script import Script, changed
from tests.protocol import samples

LIMITS = Limits(message_bytes=20_000, chunk_bytes=300, image_pixels=128, jobs_per_client=2)
WELCOME = replace(samples.WELCOME, limits=LIMITS)
PICTURES = (bytes(700), bytes(range(256)) * 3, b"x", bytes(1025))
"""What can be asked for; the last one is a byte longer than any picture may be."""

BASE = PICTURES[0][:-1] + b"x"
"""What the server has; the first picture is like it."""

WANT = Want(tuple(map(blob_id, PICTURES)), (Likeness(blob_id(PICTURES[0]), blob_id(BASE)),))
MOST_STEPS = 64

_ALL = tuple(samples.MESSAGES.values())
_FRAMES = tuple(codec.encode(message) for message in _ALL)
_BY_CLIENTS = tuple(message for message in _ALL if isinstance(message, CLIENT_MESSAGES))
_BY_SERVERS = tuple(message for message in _ALL if isinstance(message, SERVER_MESSAGES))


class End:
    """One end of a connection, fed by a script.

    Args:
        session: The end.
        own: What the program above it may say.
    """

    def __init__(
        self, session: ClientSession | ServerSession, own: tuple[Message, ...], greeting: Message
    ) -> None:
        self.session = session
        self._own = own
        self._greeting = codec.encode(greeting)
        self._wanted = 0
        self._arrived = [0] * len(PICTURES)
        self._sent = [0] * len(PICTURES)
        self._steps: tuple[Callable[[Script], None], ...] = (
            self._greet,
            self._garbage,
            self._frame,
            self._changed_frame,
            self._say,
            self._want,
            self._next_chunk,
            self._odd_chunk,
            self._copy,
        )

    def step(self, script: Script) -> None:
        """Do what the next byte says."""
        self._steps[script.below(len(self._steps))](script)

    def _receive(self, frame: bytes) -> None:
        was_closed = self.session.closed
        try:
            events = self.session.receive(frame)
        except PeerError:
            assert self.session.closed
        else:
            assert not was_closed
            self._check(events)
        self.session.frames_to_send()

    def _check(self, events: Sequence[object]) -> None:
        for event in events:
            if isinstance(event, BlobArrived) and event.blob in WANT.blobs:
                which = WANT.blobs.index(event.blob)
                self._arrived[which] += 1
                assert event.data == PICTURES[which]
                assert self._arrived[which] <= self._wanted

    def _greet(self, _script: Script) -> None:
        self._receive(self._greeting)
        if isinstance(self.session, ServerSession):
            self._tell(WELCOME)

    def _garbage(self, script: Script) -> None:
        self._receive(script.piece())

    def _frame(self, script: Script) -> None:
        self._receive(_FRAMES[script.below(len(_FRAMES))])

    def _changed_frame(self, script: Script) -> None:
        frame = _FRAMES[script.below(len(_FRAMES))]
        try:
            frame = changed(frame, script)
        except OverflowError:
            return  # a number that msgpack has no room for
        self._receive(frame)

    def _say(self, script: Script) -> None:
        self._tell(self._own[script.below(len(self._own))])

    def _want(self, _script: Script) -> None:
        self._wanted += self._tell(WANT)

    def _tell(self, message: Message) -> bool:
        try:
            frame = self.session.send(message)  # type: ignore[arg-type]
        except ScumbleError:
            return False  # it can't be said now, and that is told
        assert codec.decode(frame, MESSAGES) == message
        return True

    def _next_chunk(self, script: Script) -> None:
        which = script.below(len(PICTURES))
        encoding = (Encoding.RAW, Encoding.ZLIB)[script.below(2)]
        pieces = self._pieces(which, encoding)
        self._receive(codec.encode(pieces[self._sent[which] % len(pieces)]))
        self._sent[which] += 1

    def _odd_chunk(self, script: Script) -> None:
        """The piece whose turn it is, with one thing wrong."""
        which, how = script.below(len(PICTURES)), script.below(4)
        pieces = self._pieces(which, Encoding.RAW)
        piece = pieces[self._sent[which] % len(pieces)]
        others: tuple[dict[str, Any], ...] = (
            {"data": bytes(byte ^ 1 for byte in piece.data)},
            {"data": script.piece() or piece.data[1:]},
            {"total": script.below(256) * 8},
            {"offset": script.below(256) * 4},
        )
        try:
            piece = replace(piece, **others[how])
        except ProtocolError:
            return  # such a chunk can't be made
        self._receive(codec.encode(piece))
        self._sent[which] += 1

    def _copy(self, script: Script) -> None:
        """A copy of the base, where it belongs or not, from the right base or another one."""
        which, other = script.below(len(PICTURES)), script.below(8) == 0
        base = WANT.blobs[1] if other else blob_id(BASE)
        pieces = self._pieces(which, Encoding.RAW)
        turn = pieces[self._sent[which] % len(pieces)]
        length = len(turn.data) + script.below(2)
        try:
            copy = Copy(turn.blob, turn.total, turn.offset, base, turn.offset, length)
        except ProtocolError:
            return  # such a copy can't be made
        self._receive(codec.encode(copy))
        self._sent[which] += 1

    def _pieces(self, which: int, encoding: Encoding) -> list[Chunk]:
        data = PICTURES[which]
        return list(chunks(WANT.blobs[which], data, encoding, LIMITS.chunk_bytes, Layout(64, 4)))


def server_end() -> End:
    """A server's end to which nothing has come."""
    session = ServerSession(
        LIMITS,
        lambda hello: None if hello.token else _NOBODY,
        read_base=lambda _base, start, length: BASE[start : start + length],
    )
    return End(session, _BY_SERVERS, samples.HELLO)


def client_end() -> End:
    """A client's end that has said hello."""
    session = ClientSession(Hello(1, "fuzz", "1", "token", (), (Encoding.ZLIB,)))
    return End(session, _BY_CLIENTS, WELCOME)


_NOBODY = ProtocolError("Nobody comes in without a token.")


def try_one(data: bytes) -> None:
    """One input; what is raised is a defect."""
    script = Script(data)
    end = client_end() if script.below(2) else server_end()
    for _ in range(MOST_STEPS):
        if script.is_over:
            return
        end.step(script)


if __name__ == "__main__":
    # The command that libFuzzer runs again to merge a corpus or to shorten a crash.
    again = f"{sys.executable} -m tests.fuzz.fuzz_session"
    atheris.Setup([again, *sys.argv[1:]], try_one)
    atheris.Fuzz()
