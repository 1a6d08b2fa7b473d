from __future__ import annotations

import pytest

from scumble_protocol.errors import (
    ErrorCode,
    PeerError,
    ProtocolError,
    RequestError,
    ScumbleError,
    ServerError,
    error_of,
)

KINDS = (RequestError, PeerError, ServerError)


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_belongs_to_exactly_one_class(code: ErrorCode) -> None:
    assert sum(code in kind.codes for kind in KINDS) == 1


@pytest.mark.parametrize("code", ErrorCode)
def test_the_error_of_a_code_says_what_came_over_the_wire(code: ErrorCode) -> None:
    error = error_of(code, "It broke.", "Mend it.")
    assert (error.code, error.message, error.hint) == (code, "It broke.", "Mend it.")
    assert code in type(error).codes


def test_a_broken_protocol_comes_back_as_the_same_kind_of_error() -> None:
    assert isinstance(error_of(ErrorCode.PROTOCOL, "No.", "Update."), ProtocolError)


def test_a_code_of_another_class_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a code"):
        RequestError(ErrorCode.DISK_FULL, "The disk is full.")


def test_the_common_class_has_no_codes_of_its_own() -> None:
    with pytest.raises(ValueError, match="not a code"):
        ScumbleError(ErrorCode.INTERNAL, "Something broke.")


def test_an_error_reads_as_its_sentence_and_its_hint() -> None:
    assert str(ServerError(ErrorCode.DISK_FULL, "The disk is full.", "Make room.")) == (
        "The disk is full. Make room."
    )
    assert str(ServerError(ErrorCode.INTERNAL, "Something broke.")) == "Something broke."


def test_a_protocol_error_advises_to_update_unless_it_knows_better() -> None:
    assert "Update" in ProtocolError("That is no message.").hint
    assert ProtocolError("That is no message.", "Ask again.").hint == "Ask again."
