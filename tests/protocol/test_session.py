from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import msgpack
from scumble_protocol import codec
from scumble_protocol.blobs import Base, BlobArrived, BlobSpoilt, blob_id
from scumble_protocol.errors import (
    ErrorCode,
    PeerError,
    ProtocolError,
    RequestError,
    ScumbleError,
)
from scumble_protocol.images import Likeness
from scumble_protocol.messages import (
    Accepted,
    Acknowledge,
    AskStatus,
    Attach,
    Cancel,
    Cancelled,
    Chunk,
    Copy,
    Encoding,
    Finished,
    Hello,
    Limits,
    Models,
    Preview,
    Refused,
    Started,
    Submit,
    Want,
)
from scumble_protocol.session import ClientSession, InvalidSubmit, ServerSession
from tests.protocol import samples
from tests.protocol.pair import Pair, let_in
from tests.protocol.samples import HELLO, IMAGE, IMAGE_BYTES, MASK, MASK_BYTES, WELCOME
from tests.protocol.strategies import messages

SUBMIT = Submit("job-1", samples.REGENERATE)
CHUNK = Chunk("0" * 32, 1, 0, Encoding.RAW, b"x")
COPY = Copy("0" * 32, 1024, 0, "1" * 32, 0, 512)
OTHER_MASK_BYTES = MASK_BYTES[::-1]
OTHER_MASK = blob_id(OTHER_MASK_BYTES)
REFUSED = Refused("job-1", ErrorCode.QUEUE_FULL, "Too much.", "Wait.")
FINISHED = Finished("job-1", 3, samples.REGENERATE, (samples.LAYER,), ())


def greeting(**changes: object) -> bytes:
    frame: bytes = msgpack.packb({**msgpack.unpackb(codec.encode(HELLO)), **changes})
    return frame


def run_to_the_end(pair: Pair) -> None:
    for event in (Accepted("job-1", 1, 0), Started("job-1", 2)):
        pair.say(event)
    pair.say(FINISHED)


def refusal(server: ServerSession) -> Refused:
    """The one frame that a closed server session wants sent."""
    assert server.closed
    (frame,) = server.frames_to_send()
    assert server.frames_to_send() == []
    return codec.decode(frame, (Refused,))


# ── The handshake ────────────────────────────────────────────────────────────────────────────────


def test_the_client_greets_once_and_the_server_sees_it() -> None:
    client, server = ClientSession(HELLO), ServerSession(Limits(), let_in)
    (frame,) = client.frames_to_send()
    assert server.receive(frame) == [HELLO]
    assert client.frames_to_send() == []
    assert not server.closed


def test_the_welcome_reaches_the_client() -> None:
    pair = Pair()
    assert pair.client.welcome == pair.welcome
    assert not pair.client.closed


@pytest.mark.parametrize(
    ("protocol", "code", "hint"),
    [
        (0, ErrorCode.CLIENT_TOO_OLD, "Update the plugin."),
        (2, ErrorCode.SERVER_TOO_OLD, "Update the server."),
    ],
)
def test_another_version_is_refused_and_told_which_side_to_update(
    protocol: int, code: ErrorCode, hint: str
) -> None:
    server = ServerSession(Limits(), let_in)
    frame = msgpack.packb({"type": "hello", "protocol": protocol, "all else": "may differ"})
    assert server.receive(frame) == []
    told = refusal(server)
    assert (told.code, told.hint) == (code, hint)
    assert f"version {protocol}" in told.message


def test_the_client_sees_why_it_was_refused_and_closes() -> None:
    client = ClientSession(HELLO)
    assert client.receive(codec.encode(REFUSED)) == [REFUSED]
    assert client.closed
    assert client.welcome is None


@pytest.mark.parametrize(
    ("protocol", "code"), [(0, ErrorCode.SERVER_TOO_OLD), (2, ErrorCode.CLIENT_TOO_OLD)]
)
def test_the_client_does_not_go_on_with_a_server_of_another_version(
    protocol: int, code: ErrorCode
) -> None:
    client = ClientSession(HELLO)
    with pytest.raises(PeerError) as caught:
        client.receive(codec.encode(replace(WELCOME, protocol=protocol)))
    assert caught.value.code is code
    assert client.closed


def test_who_is_not_authorized_is_refused() -> None:
    seen = []

    def keep_out(hello: Hello) -> ScumbleError:
        seen.append(hello.token)
        return PeerError(ErrorCode.UNAUTHORIZED, "The token is wrong.", "Restart the server.")

    server = ServerSession(Limits(), keep_out)
    assert server.receive(codec.encode(HELLO)) == []
    assert refusal(server) == Refused(
        "", ErrorCode.UNAUTHORIZED, "The token is wrong.", "Restart the server."
    )
    assert seen == [HELLO.token]


@pytest.mark.parametrize(
    "frame",
    [codec.encode(AskStatus()), b"", greeting(token=1), greeting(protocol="1")],
    ids=["another message", "nothing", "a damaged hello", "no version"],
)
def test_the_first_message_must_be_hello(frame: bytes) -> None:
    server = ServerSession(Limits(), let_in)
    with pytest.raises(ProtocolError):
        server.receive(frame)
    assert refusal(server).code is ErrorCode.PROTOCOL


def test_nothing_comes_between_hello_and_welcome() -> None:
    server = ServerSession(Limits(), let_in)
    server.receive(codec.encode(HELLO))
    with pytest.raises(ProtocolError, match="between the greeting and its answer"):
        server.receive(codec.encode(AskStatus()))


def test_a_second_hello_is_refused() -> None:
    pair = Pair()
    with pytest.raises(ProtocolError, match="'hello' can't come now"):
        pair.server.receive(codec.encode(HELLO))


def test_a_second_welcome_is_refused_on_both_sides() -> None:
    pair = Pair()
    with pytest.raises(ProtocolError, match="can't be sent now"):
        pair.server.send(WELCOME)
    with pytest.raises(ProtocolError, match="can't come now"):
        pair.client.receive(codec.encode(WELCOME))


def test_the_client_says_nothing_before_it_is_welcome() -> None:
    with pytest.raises(ProtocolError, match="can't be sent now"):
        ClientSession(HELLO).send(AskStatus())


def test_the_server_says_nothing_before_it_was_greeted_and_has_welcomed() -> None:
    server = ServerSession(Limits(), let_in)
    with pytest.raises(ProtocolError, match="can't be sent now"):
        server.send(WELCOME)
    server.receive(codec.encode(HELLO))
    with pytest.raises(ProtocolError, match="can't be sent now"):
        server.send(Models(()))


def test_the_server_may_refuse_instead_of_welcoming_and_is_closed_then() -> None:
    server = ServerSession(Limits(), let_in)
    server.receive(codec.encode(HELLO))
    refused = replace(REFUSED, job="")
    assert codec.decode(server.send(refused), (Refused,)) == refused
    assert server.closed
    with pytest.raises(ProtocolError, match="can't be sent now"):
        server.send(WELCOME)


def test_encodings_are_those_of_the_client_that_the_server_has() -> None:
    server = ServerSession(Limits(), let_in, encodings=(Encoding.RAW,))
    assert not server.encodings
    server.receive(codec.encode(HELLO))
    assert HELLO.encodings == (Encoding.ZLIB, Encoding.RAW)
    assert server.encodings == (Encoding.RAW,)


# ── Conversation ─────────────────────────────────────────────────────────────────────────────────


def test_a_job_goes_from_submit_to_its_result() -> None:
    pair = Pair()
    assert pair.ask(SUBMIT) == [SUBMIT]
    pair.say(Want((IMAGE.blob, MASK.blob)))
    assert pair.upload(IMAGE.blob, IMAGE_BYTES) == [BlobArrived(IMAGE.blob, IMAGE_BYTES)]
    assert pair.upload(MASK.blob, MASK_BYTES) == [BlobArrived(MASK.blob, MASK_BYTES)]
    run_to_the_end(pair)
    want = Want((IMAGE.blob,))
    assert pair.ask(want) == [want]
    assert pair.download(IMAGE.blob, IMAGE_BYTES) == [BlobArrived(IMAGE.blob, IMAGE_BYTES)]
    assert pair.ask(Acknowledge("job-1")) == [Acknowledge("job-1")]


def test_packed_blobs_go_both_ways_with_the_layout_of_their_pictures() -> None:
    pair = Pair(encodings=(Encoding.ZLIB,))
    pair.ask(SUBMIT)
    (up,) = pair.client.send_blob(IMAGE.blob, IMAGE_BYTES)
    pair.say(Want((IMAGE.blob,)))
    assert pair.server.receive(up) == [BlobArrived(IMAGE.blob, IMAGE_BYTES)]
    run_to_the_end(pair)
    (down,) = pair.server.send_blob(IMAGE.blob, IMAGE_BYTES)
    assert down == up
    chunk = codec.decode(up, (Chunk,))
    assert (chunk.encoding, chunk.row, chunk.pixel) == (Encoding.ZLIB, 128, 4)


def test_a_cancel_goes_between_the_chunks_of_a_blob() -> None:
    pair = Pair(limits=Limits(chunk_bytes=100))
    pair.ask(SUBMIT)
    pair.say(Want((MASK.blob,)))
    frames = pair.client.send_blob(MASK.blob, MASK_BYTES)
    assert pair.server.receive(next(frames)) == []
    assert pair.ask(Cancel("job-1")) == [Cancel("job-1")]
    pair.say(Cancelled("job-1", 1))


def test_a_blob_that_nobody_asked_for_breaks_the_protocol() -> None:
    pair = Pair()
    with pytest.raises(ProtocolError, match="without having been asked"):
        pair.upload(IMAGE.blob, IMAGE_BYTES)
    assert pair.server.closed


def test_a_submit_or_attach_for_a_job_under_way_says_nothing_new() -> None:
    pair = Pair()
    pair.ask(SUBMIT)
    illegal = msgpack.unpackb(codec.encode(SUBMIT))
    illegal["request"]["steps"] = 0
    again = (codec.encode(SUBMIT), codec.encode(Attach("job-1", 0)), msgpack.packb(illegal))
    assert [pair.server.receive(frame) for frame in again] == [[], [], []]


def test_the_client_does_not_submit_or_attach_to_a_job_under_way() -> None:
    pair = Pair()
    pair.ask(SUBMIT)
    for again in (SUBMIT, Attach("job-1", 0)):
        with pytest.raises(ProtocolError, match="already"):
            pair.client.send(again)


def test_a_refused_job_may_be_submitted_again() -> None:
    pair = Pair()
    pair.ask(SUBMIT)
    pair.say(REFUSED)
    assert pair.ask(SUBMIT) == [SUBMIT]


def test_what_is_about_no_job_passes_through() -> None:
    pair = Pair()
    assert pair.ask(AskStatus()) == [AskStatus()]
    pair.say(Models((samples.STARTER,)))


def test_attaching_takes_a_job_up_where_it_was_left() -> None:
    pair = Pair()
    assert pair.ask(Attach("job-1", 2)) == [Attach("job-1", 2)]
    pair.say(FINISHED)


def test_the_server_can_not_send_an_event_that_the_table_does_not_have() -> None:
    pair = Pair()
    pair.ask(SUBMIT)
    with pytest.raises(ProtocolError, match="can't come now"):
        pair.server.send(Started("job-1", 1))


def test_the_client_does_not_take_an_event_that_the_table_does_not_have() -> None:
    pair = Pair()
    pair.ask(SUBMIT)
    with pytest.raises(ProtocolError, match="can't come now"):
        pair.client.receive(codec.encode(Started("job-1", 1)))
    assert pair.client.closed


def test_a_picture_that_is_like_another_one_comes_by_what_differs() -> None:
    pair = Pair(read_base=lambda _base, start, length: OTHER_MASK_BYTES[start:][:length])
    like = Likeness(MASK.blob, OTHER_MASK)
    submit = replace(SUBMIT, bases=(like,))
    assert pair.ask(submit) == [submit]
    pair.say(Want((MASK.blob,), (like,)))
    spoilt = replace(COPY, blob=MASK.blob, base=OTHER_MASK, total=512, length=512)
    assert pair.server.receive(codec.encode(spoilt)) == [BlobSpoilt(MASK.blob)]
    pair.say(Want((MASK.blob,), (like,)))
    base = Base(OTHER_MASK, OTHER_MASK_BYTES)
    frames = pair.client.send_blob(MASK.blob, MASK_BYTES, base)
    told = [event for frame in frames for event in pair.server.receive(frame)]
    assert told == [BlobArrived(MASK.blob, MASK_BYTES)]


def test_a_copy_from_a_base_that_the_server_did_not_name_breaks_the_protocol() -> None:
    pair = Pair()
    pair.ask(SUBMIT)
    pair.say(Want((COPY.blob,)))
    with pytest.raises(ProtocolError, match="not agreed"):
        pair.server.receive(codec.encode(COPY))
    assert pair.server.closed


def test_a_server_does_not_copy_for_its_client() -> None:
    pair = Pair()
    pair.ask(Want((COPY.blob,), (Likeness(COPY.blob, COPY.base),)))
    with pytest.raises(ProtocolError, match="can't come now"):
        pair.client.receive(codec.encode(COPY))
    assert pair.client.closed


@pytest.mark.parametrize("message", [HELLO, CHUNK, COPY])
def test_greetings_and_pieces_are_the_business_of_the_client_session(
    message: Hello | Chunk | Copy,
) -> None:
    with pytest.raises(ProtocolError, match="can't be sent now"):
        Pair().client.send(message)


def test_chunks_are_the_business_of_the_server_session() -> None:
    with pytest.raises(ProtocolError, match="can't be sent now"):
        Pair().server.send(CHUNK)


# ── Limits ───────────────────────────────────────────────────────────────────────────────────────


def test_an_illegal_request_is_the_server_s_to_refuse() -> None:
    pair = Pair()
    fields = msgpack.unpackb(codec.encode(SUBMIT))
    fields["request"]["strength"] = 2
    (event,) = pair.server.receive(msgpack.packb(fields))
    assert isinstance(event, InvalidSubmit)
    assert (event.job, event.error.code) == ("job-1", ErrorCode.INVALID_VALUE)
    assert not pair.server.closed


def test_a_request_above_the_limits_is_the_server_s_to_refuse() -> None:
    pair = Pair(limits=Limits(image_side=16))
    (event,) = pair.ask(SUBMIT)
    assert isinstance(event, InvalidSubmit)
    assert (event.job, event.error.code) == ("job-1", ErrorCode.TOO_LARGE)
    pair.say(Refused(event.job, event.error.code, event.error.message, event.error.hint))


def test_more_unfinished_jobs_than_allowed_are_the_server_s_to_refuse() -> None:
    pair = Pair(limits=Limits(jobs_per_client=1))
    assert pair.ask(SUBMIT) == [SUBMIT]
    second = replace(SUBMIT, job="job-2")
    (event,) = pair.ask(second)
    assert isinstance(event, InvalidSubmit)
    assert (event.job, event.error.code) == ("job-2", ErrorCode.TOO_MANY_JOBS)
    pair.say(replace(REFUSED, job="job-2"))
    pair.say(Cancelled("job-1", 1))
    assert pair.ask(second) == [second]


LIMITS = Limits(message_bytes=2000, chunk_bytes=500)


def test_a_message_above_the_limit_is_not_sent() -> None:
    pair = Pair(limits=LIMITS)
    long = replace(SUBMIT, request=replace(samples.REGENERATE, prompt="x" * 2000))
    with pytest.raises(RequestError, match="above the 2000") as caught:
        pair.client.send(long)
    assert caught.value.code is ErrorCode.TOO_LARGE
    assert pair.ask(SUBMIT) == [SUBMIT]


def test_an_event_above_the_limit_is_not_sent_and_does_not_count() -> None:
    pair = Pair(limits=LIMITS)
    pair.ask(SUBMIT)
    pair.say(Accepted("job-1", 1, 0))
    pair.say(Started("job-1", 2))
    pixels = replace(samples.PREVIEW_PIXELS, size=IMAGE.size, data=IMAGE_BYTES)
    with pytest.raises(RequestError, match="above the 2000"):
        pair.server.send(Preview("job-1", 3, samples.CONTEXT, pixels))
    pair.say(Cancelled("job-1", 3))


def test_a_message_above_the_limit_is_not_read_by_either_side() -> None:
    pair = Pair(limits=LIMITS)
    with pytest.raises(ProtocolError, match="above the 2000"):
        pair.server.receive(bytes(2001))
    with pytest.raises(ProtocolError, match="above the 2000"):
        pair.client.receive(bytes(2001))


# ── The end ──────────────────────────────────────────────────────────────────────────────────────


def test_a_server_that_was_wronged_says_so_and_closes() -> None:
    pair = Pair()
    with pytest.raises(ProtocolError):
        pair.server.receive(b"garbage")
    assert refusal(pair.server).code is ErrorCode.PROTOCOL
    with pytest.raises(ProtocolError, match="closed"):
        pair.server.receive(codec.encode(AskStatus()))
    assert pair.server.frames_to_send() == []
    with pytest.raises(ProtocolError, match="can't be sent now"):
        pair.server.send(Models(()))


def test_a_client_that_was_wronged_closes() -> None:
    pair = Pair()
    with pytest.raises(ProtocolError):
        pair.client.receive(b"garbage")
    assert pair.client.closed
    with pytest.raises(ProtocolError, match="closed"):
        pair.client.receive(codec.encode(Models(())))
    with pytest.raises(ProtocolError, match="can't be sent now"):
        pair.client.send(AskStatus())


# ── Any bytes ────────────────────────────────────────────────────────────────────────────────────

frames = st.binary(max_size=60) | messages.map(codec.encode)


def greeted_server() -> ServerSession:
    return Pair().server


def greeted_client() -> ClientSession:
    return Pair().client


def assert_taken_or_refused(end: ServerSession | ClientSession, frame: bytes) -> None:
    try:
        end.receive(frame)
    except PeerError:
        assert end.closed


@pytest.mark.parametrize("make", [greeted_server, lambda: ServerSession(Limits(), let_in)])
@given(st.lists(frames, max_size=8))
def test_a_server_takes_any_frames_or_refuses_them(
    make: Callable[[], ServerSession], sent: list[bytes]
) -> None:
    server = make()
    for frame in sent:
        assert_taken_or_refused(server, frame)


@pytest.mark.parametrize("make", [greeted_client, lambda: ClientSession(HELLO)])
@given(st.lists(frames, max_size=8))
def test_a_client_takes_any_frames_or_refuses_them(
    make: Callable[[], ClientSession], sent: list[bytes]
) -> None:
    client = make()
    for frame in sent:
        assert_taken_or_refused(client, frame)
