"""How long the bench waits for a server: as long as it says something."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from scumble_cli.benchmarks import workbench
from scumble_cli.benchmarks.workbench import SILENCE_SECONDS, awaited
from scumble_protocol.errors import ErrorCode, PeerError
from scumble_protocol.messages import Phase, Progress, Started

if TYPE_CHECKING:
    from scumble_protocol.client import Client, ClientEvent


class _Slow:
    """A client whose every event takes most of the time that a silence may last."""

    def __init__(self, events: list[ClientEvent], monkeypatch: pytest.MonkeyPatch) -> None:
        self._events = events
        self.now = 0.0
        monkeypatch.setattr(workbench, "time", SimpleNamespace(monotonic=lambda: self.now))

    def wait(self, _seconds: float) -> None:
        self.now += 0.9 * SILENCE_SECONDS

    def poll(self) -> list[ClientEvent]:
        return [self._events.pop(0)] if self._events else []


def _steps(count: int) -> list[ClientEvent]:
    return [Progress("a", 1 + n, Phase.SAMPLING, n, count, -1.0, "") for n in range(count)]


def test_job_that_says_how_far_it_is_may_take_as_long_as_it_likes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end = Started("b", 9)
    client = _Slow([*_steps(5), end], monkeypatch)
    assert awaited(cast("Client", client), deque(), lambda event: event is end) is end
    assert client.now > 5 * SILENCE_SECONDS


def test_server_that_says_nothing_any_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    client = _Slow(_steps(2), monkeypatch)
    with pytest.raises(PeerError) as caught:
        awaited(cast("Client", client), deque(), lambda event: isinstance(event, Started))
    assert caught.value.code is ErrorCode.DISCONNECTED
    assert client.now == pytest.approx((2 + 2) * 0.9 * SILENCE_SECONDS)
