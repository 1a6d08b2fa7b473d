"""Letting in an editor on another machine: codes, proofs, and what the sessions allow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scumble_protocol import codec
from scumble_protocol.errors import ErrorCode, PeerError, ProtocolError, ScumbleError
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    AskStatus,
    Hello,
    Limits,
    Refused,
    ServerMessage,
)
from scumble_protocol.pairing import ALPHABET, Pair, Paired, new_code, prove, tidy_code
from scumble_protocol.session import ClientSession, ServerSession

NONCE = "0a" * 32
FINGERPRINT = "3d" * 32
PAIR = Pair(PROTOCOL_VERSION, "the studio", NONCE, "1b" * 32)
PAIRED = Paired("a new secret", "2c" * 32)


def refuse(_hello: Hello) -> ScumbleError | None:
    return PeerError(ErrorCode.UNAUTHORIZED, "No.", "Go.")


def asked() -> tuple[ClientSession, ServerSession]:
    """A client that has sent `pair`, and a server that has read it."""
    client, server = ClientSession(PAIR), ServerSession(Limits(), refuse)
    (frame,) = client.frames_to_send()
    assert server.receive(frame) == [PAIR]
    return client, server


def test_codes_differ_and_are_read_as_they_are_shown() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    for code in codes:
        assert tidy_code(code) == code.replace("-", "")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (" k7qf 2m9x ", "K7QF2M9X"),
        ("K7QFOILX", "K7QF011X"),
        ("K7QF-2M9", None),
        ("K7QF-2M9XX", None),
        ("K7QF-2M9U", None),
        ("", None),
        ("ÄÖÜÄÖÜÄÖ", None),
    ],
)
def test_what_people_type_is_read_kindly(typed: str, meant: str | None) -> None:
    assert tidy_code(typed) == meant


def test_a_proof_holds_for_one_code_side_nonce_and_certificate() -> None:
    proofs = [
        prove("K7QF2M9X", "client", NONCE, FINGERPRINT),
        prove("K7QF2M9Y", "client", NONCE, FINGERPRINT),
        prove("K7QF2M9X", "server", NONCE, FINGERPRINT),
        prove("K7QF2M9X", "client", "0b" * 32, FINGERPRINT),
        prove("K7QF2M9X", "client", NONCE, "3e" * 32),
    ]
    assert prove("K7QF2M9X", "client", NONCE, FINGERPRINT) == proofs[0]
    assert len(set(proofs)) == 5
    assert len(set(ALPHABET)) == 32


def test_pairing_is_one_question_and_one_answer() -> None:
    client, server = asked()
    assert client.receive(server.send(PAIRED)) == [PAIRED]
    assert client.closed
    assert server.closed


def test_pairing_can_be_refused() -> None:
    client, server = asked()
    refused = Refused("", ErrorCode.UNAUTHORIZED, "This is not the code.", "Look again.")
    assert client.receive(server.send(refused)) == [refused]
    assert client.closed
    assert server.closed


def test_nothing_else_comes_from_who_is_not_let_in_yet() -> None:
    _, server = asked()
    with pytest.raises(ProtocolError, match="between the greeting and its answer"):
        server.receive(codec.encode(AskStatus()))
    assert server.closed


def test_nobody_is_paired_who_did_not_ask() -> None:
    server = ServerSession(Limits(), lambda _hello: None)
    with pytest.raises(ProtocolError, match="can't be sent now"):
        server.send(PAIRED)
    hello = Hello(PROTOCOL_VERSION, "krita", "1", "token", ())
    client = ClientSession(hello)
    with pytest.raises(ProtocolError, match="can't come now"):
        client.receive(codec.encode(PAIRED))


def test_who_pairs_gets_no_welcome_and_says_nothing_more() -> None:
    client, _ = asked()
    with pytest.raises(ProtocolError, match="can't be sent now"):
        client.send(PAIR)
    with pytest.raises(ProtocolError, match="can't be sent now"):
        client.send(AskStatus())


def test_another_version_is_told_which_side_to_update() -> None:
    server = ServerSession(Limits(), refuse)
    assert server.receive(codec.encode(replace(PAIR, protocol=PROTOCOL_VERSION + 1))) == []
    (frame,) = server.frames_to_send()
    answer: ServerMessage = codec.decode(frame, (Refused,))
    assert isinstance(answer, Refused)
    assert answer.code is ErrorCode.SERVER_TOO_OLD


@pytest.mark.parametrize(
    "change",
    [{"client": ""}, {"client": "x" * 101}, {"nonce": "0A" * 32}, {"proof": "1b"}],
)
def test_an_attempt_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        replace(PAIR, **change)


def test_no_log_has_a_secret() -> None:
    assert PAIRED.token not in repr(PAIRED)
    assert PAIR.proof not in repr(PAIR)
