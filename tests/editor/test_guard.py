"""Nothing that goes wrong in a plugin reaches its editor."""

from __future__ import annotations

import pytest

from scumble_protocol.editor.guard import Guard
from scumble_protocol.errors import ErrorCode, RequestError, ScumbleError


def test_an_error_for_painters_is_told_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    told: list[ScumbleError] = []
    error = RequestError(ErrorCode.EMPTY_SELECTION, "Nothing is selected.")

    def fail() -> None:
        raise error

    Guard(told.append)(fail)()
    assert told == [error]
    assert caplog.records == []


def test_a_defect_is_told_and_logged_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    told: list[ScumbleError] = []
    Guard(told.append)(lambda: 1 / 0)()
    assert "ZeroDivisionError" in str(told[0])
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_what_is_called_gets_its_arguments() -> None:
    got: list[object] = []
    Guard(lambda _: None)(lambda *arguments: got.extend(arguments))(1, 2)
    assert got == [1, 2]
