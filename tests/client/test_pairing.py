"""Being let in by a server with the code that it shows."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection

from scumble_protocol.client import Address, Pairing, pair
from scumble_protocol.client.link import Link
from scumble_protocol.client.pairing import tidy_url
from scumble_protocol.errors import ErrorCode, PeerError, RequestError, ScumbleError
from scumble_protocol.messages import PROTOCOL_VERSION, SUBPROTOCOL, Hello
from scumble_protocol.pairing import Pair, prove
from tests.client.certificates import Certificate, make_certificate
from tests.client.passing_server import RIGHT, PassingServer, passing_server
from tests.client.test_client import other_program
from tests.timing import MS

CODE = "K7QF-2M9X"
MEANT = "K7QF2M9X"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server(certificate: Certificate) -> Iterator[PassingServer]:
    with passing_server(certificate=certificate) as opened:
        opened.offered = MEANT
        yield opened


def test_the_right_code_lets_in_and_pins_the_certificate(server: PassingServer) -> None:
    host = f"127.0.0.1:{server.port}"
    address = pair(f" {host}/ ", "k7qf 2m9x", "Krita in the studio")
    url = f"wss://{host}"
    assert address == Address(url, RIGHT, server.address.fingerprint, url)
    (asked,) = server.received
    assert isinstance(asked, Pair)
    assert asked.client == "Krita in the studio"
    link, _ = Link.open(address, Hello(PROTOCOL_VERSION, "test", "1", address.token, ()))
    link.close()


def test_a_wrong_code_is_told_as_the_server_says_it(server: PassingServer) -> None:
    with pytest.raises(PeerError, match="The code is wrong") as caught:
        pair(server.address.url, "AAAA-AAAA", "test")
    assert caught.value.code is ErrorCode.UNAUTHORIZED


def test_through_a_tunnel_to_this_machine_a_code_does_without_a_certificate() -> None:
    with passing_server() as server:
        server.offered = MEANT
        url = server.address.url
        assert pair(url, CODE, "") == Address(url, RIGHT, "", url)


def test_who_does_not_know_the_code_is_not_trusted(
    server: PassingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told nothing but a proof of the code, which is good for its own certificate only."""

    def pretend(code: str, side: str, nonce: str, fingerprint: str) -> str:
        return "00" * 32 if side == "server" else prove(code, side, nonce, fingerprint)

    monkeypatch.setattr("tests.client.passing_server.prove", pretend)
    with pytest.raises(PeerError, match="does not know the code") as caught:
        pair(server.address.url, CODE, "test")
    assert caught.value.code is ErrorCode.UNTRUSTED


def test_who_passes_everything_on_with_a_certificate_of_their_own_is_found_out(
    server: PassingServer, tmp_path: Path
) -> None:
    with _between(server, make_certificate(tmp_path)) as url, pytest.raises(PeerError) as caught:
        pair(url, CODE, "test")
    assert caught.value.code is ErrorCode.UNAUTHORIZED, "the proof is about another certificate"


@contextmanager
def _between(server: PassingServer, certificate: Certificate) -> Iterator[str]:
    """Somebody who lets the true server answer what comes in."""
    with passing_server(certificate=certificate) as thief:
        thief.offered = ""
        true = server.address.fingerprint

        def pass_on(code: str, side: str, nonce: str, fingerprint: str) -> str:
            assert fingerprint == certificate.fingerprint
            return prove(MEANT, side, nonce, true)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tests.client.passing_server.prove", pass_on)
            yield thief.address.url


@pytest.mark.parametrize("code", ["", "K7QF-2M9", "U7QF-2M9X"])
def test_what_is_no_code_is_refused_before_anybody_is_asked(code: str) -> None:
    with pytest.raises(RequestError, match="not a code"):
        pair("wss://127.0.0.1:1", code, "test")


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (" gpu.local:7860 ", "wss://gpu.local:7860"),
        ("[fe80::1]:7860", "wss://[fe80::1]:7860"),
        ("wss://gpu.example.org/", "wss://gpu.example.org"),
        ("ws://127.0.0.1:7860", "ws://127.0.0.1:7860"),
    ],
)
def test_an_address_is_read_as_people_type_it(typed: str, url: str) -> None:
    assert tidy_url(typed) == url


@pytest.mark.parametrize("typed", ["", "gpu", "ws://gpu:7860", "http://gpu:7860", "gpu:99999"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(RequestError):
        tidy_url(typed)


def test_where_nobody_is_there_is_no_server() -> None:
    with pytest.raises(PeerError) as caught:
        pair("127.0.0.1:1", CODE, "test")
    assert caught.value.code is ErrorCode.NO_SERVER


def test_a_server_that_hangs_up_is_told() -> None:
    ends = other_program(lambda connection: connection.close(), [SUBPROTOCOL])
    with ends as address, pytest.raises(PeerError, match="hung up"):
        pair(address.url, CODE, "test")


def test_a_server_that_says_nothing_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scumble_protocol.client.pairing.OPEN_SECONDS", 100 * MS)

    def listen(connection: ServerConnection) -> None:
        for _ in connection:
            pass

    silent = other_program(listen, [SUBPROTOCOL])
    with silent as address, pytest.raises(PeerError, match="No Scumble server answers"):
        pair(address.url, CODE, "test")


def outcome_of(start: Callable[[Pairing], None]) -> Address | ScumbleError:
    outcomes: queue.SimpleQueue[Address | ScumbleError] = queue.SimpleQueue()
    start(Pairing(outcomes.put))
    return outcomes.get(timeout=20_000 * MS)


def test_whoever_cannot_wait_is_told_later(server: PassingServer) -> None:
    outcome = outcome_of(lambda pairing: pairing.start(server.address.url, CODE, "test"))
    assert isinstance(outcome, Address)
    outcome = outcome_of(lambda pairing: pairing.start(server.address.url, "no", "test"))
    assert isinstance(outcome, RequestError)
