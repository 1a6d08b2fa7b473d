"""Wrong tokens: counted by address, and no way to keep the machine's owner out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scumble_protocol.errors import ErrorCode, PeerError
from scumble_protocol.messages import PROTOCOL_VERSION, Hello, Refused
from scumble_server.clients import attempts as module
from scumble_server.clients.attempts import Attempts
from scumble_server.clients.link_limits import LinkLimits
from scumble_server.clients.offers import Offers
from scumble_server.clients.reception import Reception
from scumble_server.clients.registry import Registry
from scumble_server.clients.users import LOCAL, source_of
from scumble_server.logs import keep_log
from tests.server.gate.visits import TOKEN, UNHURRIED, Door, enter, greet, visit
from tests.server.service.rig import Server

HERE, THERE = "127.0.0.1", "192.0.2.7"


def test_after_ten_wrong_tokens_nobody_guesses_any_more_and_the_owner_still_comes_in(
    tmp_path: Path,
) -> None:
    async def act(door: Door) -> None:
        codes = []
        for number in range(12):
            async with door() as stranger:
                refused = await greet(stranger, f"wrong{number}")
                assert isinstance(refused, Refused)
                codes.append(refused.code)
        assert codes == [ErrorCode.UNAUTHORIZED] * 10 + [ErrorCode.TOO_MANY_ATTEMPTS] * 2
        async with door() as owner:
            await enter(owner)

    visit(Server(tmp_path), act, links=UNHURRIED)


def test_the_log_says_where_a_wrong_token_came_from(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as stranger:
            assert isinstance(await greet(stranger, "wrong"), Refused)

    with keep_log(tmp_path / "log", "info"):
        visit(Server(tmp_path), act, tls=True)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text("utf-8").splitlines()]
    (told,) = (line for line in lines if "sent away" in line["event"])
    assert told["address"] == HERE


def test_from_elsewhere_not_even_the_right_token_is_tried_then(tmp_path: Path) -> None:
    reception = Reception(
        TOKEN,
        Registry(tmp_path),
        Offers(""),
        links=replace(LinkLimits(), attempts=2, attempt_seconds=3600),
        connections=4,
        addresses=tuple,
        dismiss=lambda _user: None,
    )

    def come(token: str, host: str) -> str:
        return reception.admit(Hello(PROTOCOL_VERSION, "test", "1", token, ()), host)

    assert come(TOKEN, THERE) == LOCAL
    for _ in range(2):
        with pytest.raises(PeerError, match="does not know this token"):
            come("wrong", THERE)
    with pytest.raises(PeerError, match="too many wrong tokens"):
        come(TOKEN, THERE)
    assert come(TOKEN, "192.0.2.8") == LOCAL
    assert come(TOKEN, HERE) == LOCAL


def test_failures_are_forgotten_after_their_time() -> None:
    now = 0.0
    attempts = Attempts(3, 60, lambda: now)
    for now in (0.0, 20.0, 40.0):  # noqa: B007  (which the clock reads)
        assert not attempts.is_blocked(THERE)
        attempts.failed(THERE)
    assert attempts.is_blocked(THERE)
    assert not attempts.is_blocked(HERE)
    now = 60.0
    assert not attempts.is_blocked(THERE)
    attempts.failed(THERE)
    assert attempts.is_blocked(THERE)
    now = 100.1
    assert not attempts.is_blocked(THERE)


def test_addresses_that_fail_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_SOURCES", 3)
    attempts = Attempts(1, 60, lambda: 0.0)
    for number in range(10):
        attempts.failed(f"192.0.2.{number}")
    blocked = [number for number in range(10) if attempts.is_blocked(f"192.0.2.{number}")]
    assert blocked == [7, 8, 9]


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1%eth0", "2001:db8:1:2::/64"),
        ("::1", "::1"),
        ("", ""),
    ],
)
def test_an_address_counts_with_those_that_the_same_household_can_choose(
    host: str, source: str
) -> None:
    assert source_of(host) == source
