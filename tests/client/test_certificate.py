"""Only the server that is meant is talked to."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from scumble_protocol.client import Address, websocket
from scumble_protocol.client.certificate import tidy_fingerprint
from scumble_protocol.client.link import Link
from scumble_protocol.errors import ErrorCode, PeerError, RequestError
from scumble_protocol.messages import PROTOCOL_VERSION, Hello
from tests.client.certificates import Certificate, make_certificate
from tests.client.passing_server import RIGHT, passing_server

HELLO = Hello(PROTOCOL_VERSION, "test", "1", RIGHT, ())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def refusal(address: Address) -> PeerError:
    with pytest.raises(PeerError) as caught:
        Link.open(address, HELLO)
    return caught.value


def test_a_server_with_the_known_certificate_is_talked_to(certificate: Certificate) -> None:
    with passing_server(certificate=certificate) as server:
        link, welcome = Link.open(server.address, HELLO)
        link.close()
    assert welcome.version == "test"


def test_a_server_with_another_certificate_hears_nothing(
    certificate: Certificate, tmp_path: Path
) -> None:
    with passing_server(certificate=make_certificate(tmp_path)) as server:
        error = refusal(Address(server.address.url, RIGHT, certificate.fingerprint))
        assert error.code is ErrorCode.UNTRUSTED
        assert "another certificate" in error.message
        assert "new code" in error.hint
        assert server.frames == []


def test_without_a_fingerprint_the_system_is_asked_whom_to_trust(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with passing_server(certificate=certificate) as server:
        address = Address(server.address.url.replace("127.0.0.1", "localhost"), RIGHT)
        error = refusal(address)
        assert error.code is ErrorCode.UNTRUSTED
        assert "code" in error.hint
        assert server.frames == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
        link, _ = Link.open(address, HELLO)
        link.close()


def test_a_server_without_tls_is_not_one_with_it(certificate: Certificate) -> None:
    with passing_server() as server:
        url = server.address.url.replace("ws:", "wss:")
        error = refusal(Address(url, RIGHT, certificate.fingerprint))
    assert error.code is ErrorCode.NO_SERVER
    assert "no Scumble server" in error.message


def test_a_server_with_tls_is_not_one_without_it(certificate: Certificate) -> None:
    with passing_server(certificate=certificate) as server:
        error = refusal(Address(server.address.url.replace("wss:", "ws:"), RIGHT))
    assert error.code is ErrorCode.NO_SERVER


WITHOUT_TLS = """
import sys
sys.modules["ssl"] = None
from scumble_protocol.client import Address, Client
from scumble_protocol.client.link import Link
from scumble_protocol.errors import PeerError
from scumble_protocol.messages import Hello
hello = Hello(1, "test", "1", "", ())
for url in ("wss://gpu:7860", "ws://127.0.0.1:1"):
    try:
        Link.open(Address(url, "", "3d" * 32 if "wss" in url else ""), hello)
    except PeerError as error:
        print(error.code.value, error)
print("ssl" in sys.modules)
"""


def test_a_python_without_tls_still_reaches_this_machine() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TLS], capture_output=True, text=True, check=True
    )
    far, near, left = done.stdout.splitlines()
    assert far.startswith("untrusted The Python of this editor can't encrypt")
    assert near.startswith("no_server No Scumble server answers")
    assert left == "False", "no module was left behind"


def test_without_tls_what_websockets_needs_of_it_is_made_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ssl", None)
    names = runpy.run_path(websocket.__file__)
    assert not names["HAS_TLS"]
    assert names["connect"] is websocket.connect
    assert "ssl" not in sys.modules


def test_without_tls_nothing_goes_wrong_that_would_be_its_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scumble_protocol.client.certificate.HAS_TLS", False)
    assert refusal(Address("ws://127.0.0.1:1", "")).code is ErrorCode.NO_SERVER
    far = refusal(Address("wss://127.0.0.1:1", "", "3d" * 32))
    assert far.code is ErrorCode.UNTRUSTED
    assert "can't encrypt" in far.message


def test_a_fingerprint_is_read_as_people_copy_it() -> None:
    assert tidy_fingerprint(" 3D:" + "3d" * 31 + "\n") == "3d" * 32


@pytest.mark.parametrize("text", ["", "3d" * 31, "xy" * 32, "3d" * 33])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="not the fingerprint"):
        tidy_fingerprint(text)
