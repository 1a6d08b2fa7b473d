from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import pytest

from scumble_protocol.checks import check_job_id
from scumble_protocol.errors import ProtocolError
from scumble_protocol.images import Likeness
from scumble_protocol.messages import (
    CHUNK_OVERHEAD,
    CLIENT_MESSAGES,
    JOB_EVENTS,
    MESSAGES,
    SERVER_MESSAGES,
    Ability,
    Chunk,
    Encoding,
    Limits,
    PhaseTime,
    Want,
)
from tests.protocol import samples
from tests.protocol.samples import IMAGE, MASK

EVERY_SAMPLE: list[Any] = list(samples.MESSAGES.values())


def of_type(name: str) -> Any:
    return next(message for message in EVERY_SAMPLE if message.type == name)


def test_the_list_has_every_message_once_with_a_type_of_its_own() -> None:
    assert set(MESSAGES) == set(CLIENT_MESSAGES) | set(SERVER_MESSAGES)
    assert set(JOB_EVENTS) <= set(SERVER_MESSAGES)
    assert len({message.type for message in MESSAGES}) == len(MESSAGES)


@pytest.mark.parametrize("message", EVERY_SAMPLE, ids=samples.MESSAGES)
def test_a_message_can_not_be_changed(message: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        message.job = "another"


def test_a_greeting_in_a_log_keeps_its_token_to_itself() -> None:
    assert samples.HELLO.token not in repr(samples.HELLO)


@pytest.mark.parametrize("job", ["", "x" * 65, "two words", "tab\t", "Ü"])
def test_what_is_no_job_id_is_refused_in_every_message(job: str) -> None:
    with pytest.raises(ProtocolError, match="no job id"):
        check_job_id(job)
    for message in EVERY_SAMPLE:
        if hasattr(message, "job") and not (message.type == "refused" and not job):
            with pytest.raises(ProtocolError, match="no job id"):
                replace(message, job=job)


def test_a_refusal_may_be_about_no_job() -> None:
    assert replace(of_type("refused"), job="").job == ""


@pytest.mark.parametrize("type_name", [event.type for event in JOB_EVENTS])
def test_events_are_numbered_from_one(type_name: str) -> None:
    with pytest.raises(ProtocolError, match="number"):
        replace(of_type(type_name), number=0)


@pytest.mark.parametrize(
    ("type_name", "change"),
    [
        ("hello", {"awaiting": ("no id",)}),
        ("welcome", {"lost": ("no id",)}),
        ("attach", {"after": -1}),
        ("accepted", {"position": -1}),
        ("status", {"waiting": -1}),
        ("status", {"uptime": float("nan")}),
        ("progress", {"step": -1}),
        ("progress", {"step": 16}),
        ("progress", {"seconds_left": float("inf")}),
        ("want", {"blobs": ("no id",)}),
        ("chunk", {"blob": "no id"}),
        ("chunk", {"total": 0, "offset": 0}),
        ("chunk", {"offset": -1}),
        ("chunk", {"offset": 512}),
        ("chunk", {"data": b""}),
        ("copy", {"blob": "no id"}),
        ("copy", {"base": "no id"}),
        ("copy", {"offset": -1}),
        ("copy", {"start": -1}),
        ("copy", {"length": 0}),
        ("copy", {"offset": 313}),
        ("copy", {"start": 313}),
        ("want", {"bases": (Likeness(IMAGE.blob, MASK.blob),) * 2}),
        ("want", {"bases": (Likeness("0" * 32, MASK.blob),)}),
        ("submit", {"bases": (Likeness(MASK.blob, "0" * 32), Likeness(MASK.blob, "1" * 32))}),
        ("submit", {"bases": (Likeness("0" * 32, MASK.blob),)}),
        ("measured", {"tokens": -1}),
        ("measured", {"kept": -1}),
    ],
)
def test_a_message_that_makes_no_sense_is_refused(type_name: str, change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        replace(of_type(type_name), **change)


@pytest.mark.parametrize(
    "change",
    [
        {"cfg": float("nan")},
        {"native_side": -1},
        {"bytes": -1},
        {"multiple": -1},
        {"memory": -1},
        {"memory_per_pixel": float("inf")},
    ],
)
def test_a_model_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        replace(samples.STARTER, **change)


def test_a_model_can_what_it_says() -> None:
    model = replace(samples.STARTER, abilities=("negative", "something new"))
    assert model.can(Ability.NEGATIVE)
    assert not model.can(Ability.EDIT)


@pytest.mark.parametrize("change", [{"strength": float("nan")}, {"steps": -1}, {"tiles": 0}])
def test_a_pass_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        replace(samples.LAYER.passes[0], **change)


def test_a_device_without_memory_is_possible_but_not_with_less() -> None:
    device = samples.WELCOME.device
    assert replace(device, memory=0).memory == 0
    with pytest.raises(ProtocolError, match="memory"):
        replace(device, memory=-1)


def test_a_time_is_a_finite_number() -> None:
    with pytest.raises(ProtocolError, match="seconds"):
        PhaseTime("sampling", float("nan"))


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Limits)])
def test_a_limit_is_at_least_one(name: str) -> None:
    with pytest.raises(ProtocolError, match=name):
        replace(Limits(), **{name: 0})


def test_a_chunk_must_fit_into_a_message() -> None:
    limits = Limits(message_bytes=5000, chunk_bytes=5000 - CHUNK_OVERHEAD)
    assert limits.chunk_bytes == 5000 - CHUNK_OVERHEAD
    with pytest.raises(ProtocolError, match="as a message"):
        replace(limits, message_bytes=4999)


@pytest.mark.parametrize(
    ("blob", "base"), [("no id", MASK.blob), (MASK.blob, "no id"), (MASK.blob, MASK.blob)]
)
def test_a_likeness_is_of_two_blobs(blob: str, base: str) -> None:
    with pytest.raises(ProtocolError):
        Likeness(blob, base)


def test_a_copy_may_reach_the_end_of_both() -> None:
    copy = replace(of_type("copy"), offset=312, start=312)
    assert (copy.offset + copy.length, copy.start + copy.length) == (512, 512)


def test_wanting_nothing_is_possible() -> None:
    assert Want(()).blobs == ()


def test_a_chunk_is_flat_unless_it_says_otherwise() -> None:
    chunk = Chunk("0" * 32, 1, 0, Encoding.RAW, b"x")
    assert (chunk.row, chunk.pixel) == (0, 1)
