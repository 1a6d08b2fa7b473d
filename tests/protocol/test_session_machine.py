"""Two joined sessions with frames in flight both ways, driven at random, against the table."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scumble_protocol import blobs
from scumble_protocol.errors import ProtocolError
from scumble_protocol.images import Likeness
from scumble_protocol.lifecycle import TRANSITIONS, JobState, is_final
from scumble_protocol.messages import (
    JOB_EVENTS,
    Acknowledge,
    AskStatus,
    Attach,
    Cancel,
    ClientMessage,
    Encoding,
    Forget,
    JobEvent,
    Limits,
    ListModels,
    Refused,
    ServerMessage,
    Submit,
    Want,
)
from scumble_protocol.session import BlobArrived, ClientSession, InvalidSubmit, ServerSession
from tests.protocol import samples
from tests.protocol.pair import Pair

LIMITS = Limits(chunk_bytes=300, jobs_per_client=2, prompt_chars=20)
TOO_LONG = replace(samples.REGENERATE, prompt="x" * 21)
PAINTED = bytes(9000) + b"x" * 20
BLOBS = {
    blobs.blob_id(data): data
    for data in (bytes(700), bytes(range(256)) * 3, b"x", bytes(9020), PAINTED)
}
BASES = (Likeness(blobs.blob_id(PAINTED), blobs.blob_id(bytes(9020))),)
EVENTS: dict[str, Any] = {
    message.type: message for message in samples.MESSAGES.values() if type(message) in JOB_EVENTS
}
REFUSED: Any = samples.MESSAGES["refused"]

jobs = st.sampled_from(("red", "green", "blue"))
wants = st.lists(st.sampled_from(sorted(BLOBS)), max_size=2, unique=True).map(tuple).map(Want)


def by_bases(want: Want) -> Want:
    """The same, with the bases that there are."""
    return Want(want.blobs, tuple(base for base in BASES if base.blob in want.blobs))


client_talk = st.one_of(
    st.builds(Cancel, jobs),
    st.builds(Acknowledge, jobs),
    st.builds(Forget, jobs),
    st.just(ListModels()),
    st.just(AskStatus()),
)
View = dict[str, tuple[JobState, int]]
"""What one side has in view: the state and the last number of each job that has not ended."""


def follow(view: View, message: JobEvent | Refused) -> bool:
    """Do what the table says; whether it allows the message."""
    state, last = view.get(message.job, (JobState.FINISHED, 0))
    number = last if isinstance(message, Refused) else message.number
    if type(message) not in TRANSITIONS[state] or number < last + isinstance(message, JOB_EVENTS):
        return False
    view[message.job] = (TRANSITIONS[state][type(message)], number)
    if is_final(view[message.job][0]):
        del view[message.job]
    return True


def open_view(view: View, message: Submit | Attach) -> None:
    after = message.after if isinstance(message, Attach) else 0
    view[message.job] = (JobState.ATTACHED if after else JobState.SUBMITTED, after)


def pieces(
    side: ClientSession | ServerSession, want: Want
) -> Iterator[tuple[bytes, BlobArrived | None]]:
    """The frames of the wanted blobs, and what each says."""
    bases = {it.blob: blobs.Base(it.base, BLOBS[it.base]) for it in want.bases}
    for blob in want.blobs:
        if isinstance(side, ClientSession):
            *frames, last = side.send_blob(blob, BLOBS[blob], bases.get(blob))
        else:
            *frames, last = side.send_blob(blob, BLOBS[blob])
        yield from ((frame, None) for frame in frames)
        yield last, BlobArrived(blob, BLOBS[blob])


class JoinedSessions(RuleBasedStateMachine):
    """What either side sends by leave of its own session, the other side's session takes.

    `up` and `down` are the frames in flight, each with what its receiver is told: None for a piece
    of a blob that is not its last. `uploads` and `downloads` are frames of blobs still to be sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.connect(Encoding.RAW)

    def connect(self, encoding: Encoding) -> None:
        self.pair = Pair(
            limits=LIMITS,
            encodings=(encoding,),
            read_base=lambda base, start, length: BLOBS[base][start : start + length],
        )
        self.up: deque[tuple[bytes, ClientMessage | BlobArrived | None]] = deque()
        self.down: deque[tuple[bytes, ServerMessage | BlobArrived | None]] = deque()
        self.client_view: View = {}
        self.server_view: View = {}
        self.uploads: deque[tuple[bytes, BlobArrived | None]] = deque()
        self.downloads: deque[tuple[bytes, BlobArrived | None]] = deque()

    # ── The client ───────────────────────────────────────────────────────────────────────────────

    @rule(
        message=st.builds(Submit, jobs, st.sampled_from([samples.REGENERATE, TOO_LONG]))
        | st.builds(Attach, jobs, st.integers(0, 5))
    )
    def client_opens(self, message: Submit | Attach) -> None:
        if message.job in self.client_view:
            with pytest.raises(ProtocolError, match="already"):
                self.pair.client.send(message)
        else:
            self.up.append((self.pair.client.send(message), message))
            open_view(self.client_view, message)

    @rule(message=client_talk | wants)
    def client_talks(self, message: ClientMessage) -> None:
        self.up.append((self.pair.client.send(message), message))

    @precondition(lambda self: self.uploads)
    @rule()
    def client_sends_a_piece(self) -> None:
        self.up.append(self.uploads.popleft())

    @precondition(lambda self: self.down)
    @rule()
    def client_receives(self) -> None:
        frame, message = self.down.popleft()
        told = self.pair.client.receive(frame)
        assert told == ([message] if message else [])
        if isinstance(message, Want):
            self.uploads += pieces(self.pair.client, message)
        elif isinstance(message, (Refused, *JOB_EVENTS)):
            assert follow(self.client_view, message)

    # ── The server ───────────────────────────────────────────────────────────────────────────────

    @rule(job=jobs, kind=st.sampled_from(sorted(EVENTS)), step=st.integers(-1, 3))
    def server_tells(self, job: str, kind: str, step: int) -> None:
        number = max(1, self.server_view.get(job, (None, 0))[1] + step)
        self.server_says(replace(EVENTS[kind], job=job, number=number))

    @rule(job=jobs)
    def server_refuses(self, job: str) -> None:
        self.server_says(replace(REFUSED, job=job))

    def server_says(self, message: JobEvent | Refused) -> None:
        before = dict(self.server_view)
        if follow(self.server_view, message):
            self.down.append((self.pair.server.send(message), message))
        else:
            assert self.server_view == before
            with pytest.raises(ProtocolError):
                self.pair.server.send(message)

    @rule(message=wants | wants.map(by_bases))
    def server_wants(self, message: Want) -> None:
        self.down.append((self.pair.server.send(message), message))

    @precondition(lambda self: self.downloads)
    @rule()
    def server_sends_a_piece(self) -> None:
        self.down.append(self.downloads.popleft())

    @precondition(lambda self: self.up)
    @rule()
    def server_receives(self) -> None:
        frame, message = self.up.popleft()
        told = self.pair.server.receive(frame)
        if isinstance(message, (Submit, Attach)):
            self.assert_opened(message, told)
        else:
            assert told == ([message] if message else [])
            if isinstance(message, Want):
                self.downloads += pieces(self.pair.server, message)

    def assert_opened(self, message: Submit | Attach, told: list[Any]) -> None:
        assert message.job not in self.server_view
        full = len(self.server_view) >= LIMITS.jobs_per_client
        open_view(self.server_view, message)
        if isinstance(message, Submit) and (full or message.request == TOO_LONG):
            (invalid,) = told
            assert isinstance(invalid, InvalidSubmit)
            assert invalid.job == message.job
            error = invalid.error
            self.server_says(Refused(invalid.job, error.code, error.message, error.hint))
        else:
            assert told == [message]

    # ── Both ─────────────────────────────────────────────────────────────────────────────────────

    @rule(encoding=st.sampled_from(Encoding))
    def connection_is_cut(self, encoding: Encoding) -> None:
        self.connect(encoding)

    @invariant()
    def nobody_closed(self) -> None:
        assert not self.pair.client.closed
        assert not self.pair.server.closed

    def teardown(self) -> None:
        """Whatever is still in flight arrives, and then both sides have the same in view."""
        while self.up:
            self.server_receives()
        while self.down:
            self.client_receives()
        assert self.client_view == self.server_view


TestJoinedSessions = JoinedSessions.TestCase
