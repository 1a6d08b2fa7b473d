"""Which server a painter uses, and how another one is connected to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scumble_protocol.client import Address, Servers, read_servers, write_servers
from scumble_protocol.editor.language import Language
from scumble_protocol.editor.server_choice import LOOK_SECONDS, ServerChoice
from scumble_protocol.editor.view import ServerItem
from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.pairing import Pair
from tests.client.certificates import make_certificate
from tests.client.passing_server import RIGHT, PassingServer, passing_server
from tests.timing import MS

CODE = "K7QF2M9X"
HERE = ServerItem("", "this computer")
ATTIC = Address("wss://attic:7860", "other", "1b" * 32, "wss://attic:7860")


@dataclass
class Chooser:
    """A choice, and how often the client was sent to look for its server anew."""

    folder: Path
    reconnections: int = 0
    seconds: float = 100.0
    choice: ServerChoice = field(init=False)

    def __post_init__(self) -> None:
        self.choice = ServerChoice(
            self.folder, "a test", self._reconnect, Language({}).tr, clock=lambda: self.seconds
        )

    def _reconnect(self) -> None:
        self.reconnections += 1

    def connect(self, address: str, code: str = CODE) -> None:
        """Try to connect; returns when it is known how that went."""
        self.choice.connect(address, code)
        view = self.choice.view
        assert (view.text, view.is_busy, view.is_error) == ("Connecting …", True, False)
        deadline = time.monotonic() + 20_000 * MS
        while not self.choice.look():
            assert time.monotonic() < deadline
            time.sleep(MS)
        assert not self.choice.view.is_busy


@pytest.fixture
def chooser(tmp_path: Path) -> Chooser:
    return Chooser(tmp_path / "state")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PassingServer]:
    with passing_server(certificate=make_certificate(tmp_path)) as opened:
        opened.offered = CODE
        yield opened


def test_at_first_this_computer_is_used(chooser: Chooser) -> None:
    view = chooser.choice.view
    assert chooser.choice.is_local
    assert view.used == "Scumble uses the server on this computer."
    assert view.others == ()


def test_after_connecting_the_other_computer_is_used_and_this_one_a_click_away(
    chooser: Chooser, server: PassingServer
) -> None:
    name = f"127.0.0.1:{server.port}"
    chooser.connect(name, "k7qf-2m9x")
    view = chooser.choice.view
    assert view.text == f"Connected: {name} does your work now."
    assert not view.is_error
    assert view.used == f"Scumble uses the server on {name}."
    assert view.others == (HERE,)
    assert chooser.reconnections == 1
    assert read_servers(chooser.folder).remote == Address(
        f"wss://{name}", RIGHT, server.address.fingerprint, f"wss://{name}"
    )
    (asked,) = server.received
    assert isinstance(asked, Pair)
    assert asked.client.startswith("a test, ")
    chooser.choice.use("")
    assert chooser.choice.is_local
    assert chooser.choice.view.text == ""
    assert chooser.choice.view.others == (ServerItem(f"wss://{name}", name),)
    assert chooser.reconnections == 2


@pytest.mark.parametrize(
    ("code", "said"), [("AAAA-AAAA", "does not take this code"), ("AAAA", "not a code")]
)
def test_what_went_wrong_is_said_with_what_to_do(
    chooser: Chooser, server: PassingServer, code: str, said: str
) -> None:
    chooser.connect(server.address.url, code)
    view = chooser.choice.view
    assert view.is_error
    assert said in view.text
    assert chooser.choice.is_local
    assert chooser.reconnections == 0


def test_one_attempt_is_made_at_a_time(chooser: Chooser, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(
        "scumble_protocol.client.Pairing.start", lambda _self, url, *_: started.append(url)
    )
    chooser.choice.connect("one:1", CODE)
    chooser.choice.connect("two:2", CODE)
    assert started == ["one:1"]


def test_what_another_program_chose_is_used_here_too(chooser: Chooser) -> None:
    assert not chooser.choice.look()
    write_servers(chooser.folder, Servers().joined(ATTIC))
    assert not chooser.choice.look(), "not at every tick"
    chooser.seconds += LOOK_SECONDS
    assert chooser.choice.look()
    assert chooser.choice.view.used == "Scumble uses the server on attic:7860."
    assert chooser.reconnections == 1
    chooser.seconds += LOOK_SECONDS
    assert not chooser.choice.look()


def test_a_server_that_is_not_known_any_longer_cannot_be_used(chooser: Chooser) -> None:
    with pytest.raises(RequestError, match="has not let this computer in"):
        chooser.choice.use(ATTIC.server)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def fill() -> None:
        def write(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("scumble_protocol.editor.server_choice.write_servers", write)

    return fill


def test_a_choice_that_cannot_be_kept_is_told(
    chooser: Chooser, server: PassingServer, full: Callable[[], None]
) -> None:
    full()
    chooser.connect(server.address.url)
    assert chooser.choice.view.is_error
    assert "No space left" in chooser.choice.view.text
    assert chooser.choice.is_local
    with pytest.raises(ServerError) as caught:
        chooser.choice.use("")
    assert caught.value.code is ErrorCode.DISK_FULL
