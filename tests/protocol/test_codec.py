from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import msgpack
import msgpack.fallback
from scumble_protocol import codec
from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.errors import ErrorCode, ProtocolError, RequestError
from scumble_protocol.messages import (
    JOB_EVENTS,
    MESSAGES,
    Device,
    Hello,
    Message,
    Progress,
    Started,
    Submit,
)
from scumble_protocol.requests import Regenerate
from tests.protocol import golden, samples
from tests.protocol.strategies import messages

Map = dict[str, Any]

PURE_PYTHON = types.SimpleNamespace(
    packb=lambda value: msgpack.fallback.Packer().pack(value),
    unpackb=msgpack.fallback.unpackb,
)
"""msgpack as the editors have it."""


@pytest.fixture(scope="module", params=[msgpack, PURE_PYTHON], ids=["compiled", "pure Python"])
def any_msgpack(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "msgpack", request.param)
        yield


def map_of(message: Message) -> Map:
    value = msgpack.unpackb(codec.encode(message))
    assert type(value) is dict
    return value


def decode(value: object, allowed: tuple[type[Message], ...] = MESSAGES) -> Message:
    return codec.decode(msgpack.packb(value), allowed)


def changed(message: Message, *path: str | int, value: object) -> Map:
    """The message's map with another value at this place."""
    top = map_of(message)
    place: Any = top
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return top


def without(message: Message, *path: str) -> Map:
    top = map_of(message)
    place = top
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return top


# ── Golden bytes ─────────────────────────────────────────────────────────────────────────────────


def test_the_golden_file_has_every_message() -> None:
    assert {type(message) for message in samples.MESSAGES.values()} == set(MESSAGES)


def test_the_bytes_of_every_message_are_those_of_the_golden_file(any_msgpack: None) -> None:
    assert golden.render() == golden.PATH.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", samples.MESSAGES)
def test_the_golden_bytes_say_the_message(any_msgpack: None, name: str) -> None:
    frame = golden.wire(name)
    assert codec.decode(frame, MESSAGES) == samples.MESSAGES[name]


# ── There and back ───────────────────────────────────────────────────────────────────────────────


@given(messages)
def test_every_message_comes_back_as_it_was(any_msgpack: None, message: Message) -> None:
    frame = codec.encode(message)
    back = codec.decode(frame, (type(message),))
    assert back == message
    assert codec.encode(back) == frame


def test_a_whole_number_serves_where_any_number_may_be() -> None:
    back = decode(changed(samples.MESSAGES["progress"], "seconds_left", value=3))
    assert isinstance(back, Progress)
    assert type(back.seconds_left) is float


def test_a_whole_number_is_sent_as_the_kind_of_number_that_the_field_has() -> None:
    exact = replace(samples.REGENERATE, strength=1.0)
    loose = replace(samples.REGENERATE, strength=1)
    assert codec.encode(Submit("job", loose)) == codec.encode(Submit("job", exact))


# ── Older and newer peers ────────────────────────────────────────────────────────────────────────


def test_fields_that_are_not_known_are_passed_over() -> None:
    hello = {**map_of(samples.HELLO), "mood": "good"}
    assert decode(hello) == samples.HELLO
    request = changed(samples.MESSAGES["submit (load)"], "request", "urgent", value=True)
    assert decode(request) == samples.MESSAGES["submit (load)"]


def test_a_field_with_a_default_may_be_missing() -> None:
    hello = decode(without(samples.HELLO, "encodings"))
    assert hello == replace(samples.HELLO, encodings=Hello.encodings)
    assert decode(without(samples.WELCOME, "limits", "queue_length")) == samples.WELCOME


@pytest.mark.parametrize("name", ["job", "request"])
def test_a_field_without_a_default_may_not_be_missing(name: str) -> None:
    with pytest.raises(ProtocolError, match=f"submit.{name}` is missing"):
        decode(without(samples.MESSAGES["submit (load)"], name))


@pytest.mark.parametrize("protocol", [-1, 0, 1, 2, 2**63])
def test_the_version_of_a_greeting_can_be_read_whatever_else_it_says(protocol: int) -> None:
    frame = msgpack.packb({"type": "hello", "protocol": protocol, "new": [1, {"deep": None}]})
    assert codec.greeting_protocol(frame) == protocol


@pytest.mark.parametrize(
    "value",
    [{"type": "hello"}, {"type": "hello", "protocol": True}, {"type": "x", "protocol": 1}, {}, 1],
)
def test_what_is_no_greeting_of_any_version_is_refused(value: object) -> None:
    with pytest.raises(ProtocolError):
        codec.greeting_protocol(msgpack.packb(value))


# ── What is refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xc1",
        b"\x90",
        b"\xc0",
        msgpack.packb({"type": "ask_status"}) + b"\xc0",
        msgpack.packb({"type": "ask_status"})[:-1],
        b"\x81\xa4type\xa1\xff",
        b"\x81\x01\x02",
        b"\x81\x90\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\xc7\x01\x05x",
        b"\x91" * 200_000,
        b"\x81\xa1a" * 200_000,
    ],
    ids=lambda frame: frame[:12].hex(),
)
def test_what_is_no_single_map_is_refused(any_msgpack: None, frame: bytes) -> None:
    with pytest.raises(ProtocolError):
        codec.decode(frame, MESSAGES)


def test_an_array_of_too_many_elements_is_refused(any_msgpack: None) -> None:
    frame = msgpack.packb({"type": "want", "blobs": ["0" * 32] * (codec.MAX_ITEMS + 1)})
    with pytest.raises(ProtocolError):
        codec.decode(frame, MESSAGES)


@pytest.mark.parametrize("type_", ["shout", "", None, 1, ["hello"]])
def test_a_message_of_unknown_type_is_refused(type_: object) -> None:
    with pytest.raises(ProtocolError, match="can't come now"):
        decode({"type": type_})


def test_a_message_that_is_not_allowed_now_is_refused() -> None:
    with pytest.raises(ProtocolError, match="'hello' can't come now"):
        codec.decode(codec.encode(samples.HELLO), JOB_EVENTS)
    assert codec.decode(codec.encode(Started("job", 1)), JOB_EVENTS) == Started("job", 1)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("hello", ("protocol",), True),
        ("hello", ("protocol",), 1.0),
        ("hello", ("token",), b"open sesame"),
        ("hello", ("awaiting",), "job-1"),
        ("hello", ("awaiting",), [1]),
        ("hello", ("encodings",), [1]),
        ("hello", ("encodings",), ["brotli"]),
        ("welcome", ("device",), None),
        ("welcome", ("device",), [1]),
        ("welcome", ("models", 0, "loaded"), 1),
        ("welcome", ("models", 0, "cfg"), "3"),
        ("welcome", ("models", 0, "cfg"), float("nan")),
        ("welcome", ("limits", "chunk_bytes"), 0),
        ("progress", ("seconds_left",), True),
        ("preview", ("rect", "width"), 0),
        ("preview", ("pixels", "data"), b""),
        ("preview", ("pixels", "data"), "text"),
        ("refused", ("code",), "boredom"),
        ("finished", ("request", "strength"), 2),
        ("finished", ("layers", 0, "image", "blob"), "no id"),
        ("submit (load)", ("job",), ""),
        ("submit (load)", ("request",), None),
        ("submit (load)", ("request",), {}),
        ("submit (load)", ("request", "kind"), 1),
        ("submit (load)", ("request", "model"), 1),
        ("submit (regenerate)", ("request", "image", "blob"), "no id"),
        ("submit (regenerate)", ("request", "steps"), 20.0),
    ],
)
def test_a_wrong_value_breaks_the_protocol(
    name: str, path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ProtocolError):
        decode(changed(samples.MESSAGES[name], *path, value=value))


# ── Requests that users got wrong ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "value", "code", "said"),
    [
        (("strength",), 2, ErrorCode.INVALID_VALUE, "strength is 2"),
        (("strength",), float("nan"), ErrorCode.INVALID_VALUE, "strength is nan"),
        (("steps",), 0, ErrorCode.INVALID_VALUE, "steps is 0"),
        (("sampler",), "magic", ErrorCode.INVALID_VALUE, "'magic' is not known as sampler"),
        (("kind",), "animate", ErrorCode.INVALID_VALUE, "'animate' is no kind of work"),
        (("context", "x"), 60, ErrorCode.SELECTION_OUTSIDE, "beyond the canvas"),
        (("context", "width"), 0, ErrorCode.INVALID_VALUE, "empty"),
        (("mask", "format"), "rgba8", ErrorCode.MASK_SIZE, "The mask is rgba8"),
        (("image", "format"), "cmyk", ErrorCode.INVALID_VALUE, "'cmyk' is not known as format"),
    ],
)
def test_an_illegal_request_says_which_job_to_refuse_and_why(
    path: tuple[str, ...], value: object, code: ErrorCode, said: str
) -> None:
    submit = changed(samples.MESSAGES["submit (regenerate)"], "request", *path, value=value)
    with pytest.raises(codec.IllegalRequestError, match=said) as caught:
        decode(submit)
    error = caught.value
    assert (error.job, error.code) == ("job-1", code)
    assert error.hint


def test_an_illegal_request_of_an_illegal_job_breaks_the_protocol() -> None:
    submit = changed(samples.MESSAGES["submit (regenerate)"], "request", "steps", value=0)
    with pytest.raises(ProtocolError, match="no job id"):
        decode({**submit, "job": "no id"})


@pytest.mark.parametrize(
    "message",
    [
        Submit("job", replace(samples.REGENERATE, prompt="\ud800")),
        replace(samples.WELCOME, device=Device("cpu", "Some CPU", 2**64)),
    ],
    ids=["lone surrogate", "long number"],
)
def test_what_the_wire_can_not_carry_is_refused_on_sending(
    any_msgpack: None, message: Message
) -> None:
    with pytest.raises(RequestError, match=f"`{message.type}` can't be sent") as caught:
        codec.encode(message)
    assert caught.value.code is ErrorCode.INVALID_VALUE


# ── Any bytes ────────────────────────────────────────────────────────────────────────────────────

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)


def paths(value: Map | list[Any]) -> Iterator[tuple[str | int, ...]]:
    """All places in a map."""
    for key, content in value.items() if isinstance(value, dict) else enumerate(value):
        yield (key,)
        if isinstance(content, (dict, list)):
            yield from ((key, *rest) for rest in paths(content))


def assert_a_message_or_a_refusal(frame: bytes) -> None:
    try:
        message = codec.decode(frame, MESSAGES)
    except (codec.IllegalRequestError, ProtocolError):
        return
    assert codec.decode(codec.encode(message), MESSAGES) == message


@given(st.binary(max_size=100))
def test_any_bytes_are_a_message_or_refused(any_msgpack: None, frame: bytes) -> None:
    assert_a_message_or_a_refusal(frame)


@given(st.sampled_from(list(samples.MESSAGES)), st.data())
def test_a_message_with_a_changed_byte_is_a_message_or_refused(
    any_msgpack: None, name: str, data: st.DataObject
) -> None:
    frame = bytearray(golden.wire(name))
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] = data.draw(st.integers(0, 255))
    assert_a_message_or_a_refusal(bytes(frame))


@given(st.sampled_from(list(samples.MESSAGES.values())), st.data())
def test_a_message_with_any_value_in_any_place_is_a_message_or_refused(
    message: Message, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(list(paths(map_of(message)))))
    assert_a_message_or_a_refusal(msgpack.packb(changed(message, *place, value=data.draw(values))))


def test_a_sampler_of_old_is_two_choices_now() -> None:
    fields = msgpack.unpackb(codec.encode(samples.MESSAGES["submit (regenerate)"]))
    del fields["request"]["schedule"]
    fields["request"]["sampler"] = "dpmpp_sde_karras"
    submit = codec.decode(msgpack.packb(fields), (Submit,))
    assert isinstance(submit.request, Regenerate)
    assert submit.request.sampler is Sampler.DPMPP_SDE
    assert submit.request.schedule is Schedule.KARRAS
