"""No web page gets at the server, whatever it knows: tried with a real browser."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from scumble_protocol import codec
from scumble_protocol.client import Result
from scumble_protocol.messages import PROTOCOL_VERSION, Hello
from tests.end_to_end.hostile_page import REBOUND, Page, chromium, hostile_page
from tests.end_to_end.server_process import TINY, painter, regenerate, running_server
from tests.server.models.checkpoints import make_folder

pytestmark = [pytest.mark.editor, pytest.mark.timeout(900)]

HARMLESS = {"refused", "unreadable", "no answer"}
"""What may become of an attempt: the page learns nothing, and nothing happens."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    chromium()
    folder = tmp_path / "state"
    (folder / "models").mkdir(parents=True)
    make_folder(folder / "models" / TINY)
    return folder


@pytest.fixture
def profiles(tmp_path: Path) -> Iterator[Path]:
    """A new folder for each browser."""
    return (tmp_path / f"profile{number}" for number in range(9))


@pytest.fixture
def page() -> Iterator[Page]:
    with hostile_page() as served:
        yield served


def hello(token: str) -> bytes:
    return codec.encode(Hello(PROTOCOL_VERSION, "a web page", "1", token, ()))


def let_in(findings: dict[str, str]) -> set[str]:
    """The attempts by which the page got a `welcome`."""
    others = {outcome for outcome in findings.values() if not outcome.startswith("answered:")}
    assert others <= HARMLESS | {"in"}, findings
    return {attempt for attempt, outcome in findings.items() if outcome == "in"}


def jobs_in(state: Path) -> int:
    """How many jobs the journal of a server that has ended knows."""
    with sqlite3.connect(state / "journal.sqlite") as journal:
        (count,) = journal.execute("SELECT count(*) FROM jobs").fetchone()
    journal.close()
    return int(count)


def test_a_web_page_gets_nowhere_though_it_knows_the_token_and_a_painter_works_beside_it(
    state: Path, profiles: Iterator[Path], page: Page
) -> None:
    with running_server(state, "--device", "cpu", "--model", TINY) as server:
        here = server.listening()
        page.aim(here.port, hello(here.token))
        with painter(state) as ann:
            job = ann.submit(*regenerate())
            for host in ("127.0.0.1", "localhost", REBOUND):
                findings = page.browse(next(profiles), host)
                assert len(findings) == 24
                assert set(findings.values()) <= HARMLESS
            assert isinstance(ann.end_of(job), Result)
    assert jobs_in(state) == 1
    log = (state / "server.log").read_text()
    assert "a web page" not in log
    assert "exception" not in log


def test_a_page_whose_origin_is_listed_gets_in_so_the_test_above_can_fail(
    state: Path, profiles: Iterator[Path], page: Page
) -> None:
    origins = [page.origin(host) for host in ("127.0.0.1", REBOUND)]
    with running_server(state, "--device", "cpu", "--origins", *origins) as server:
        here = server.listening()
        page.aim(here.port, hello(here.token))
        # Of the names of the machine, not by the rebound one: that is the other check.
        for host in ("127.0.0.1", REBOUND):
            attempts = let_in(page.browse(next(profiles), host))
            assert attempts == {"socket 127.0.0.1", "socket localhost"}
        page.aim(here.port, hello("a guess"))
        guessed = page.browse(next(profiles))
        assert let_in(guessed) == set()
        assert "unauthorized" in guessed["socket 127.0.0.1"]


def test_a_server_that_goes_by_the_rebound_name_is_reached_by_it(
    state: Path, profiles: Iterator[Path], page: Page
) -> None:
    options = ("--device", "cpu", "--origins", page.origin(REBOUND), "--hosts", REBOUND)
    with running_server(state, *options) as server:
        here = server.listening()
        page.aim(here.port, hello(here.token))
        assert f"socket {REBOUND}" in let_in(page.browse(next(profiles), REBOUND))
        assert let_in(page.browse(next(profiles))) == set()
