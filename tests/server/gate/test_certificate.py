"""TLS: wherever others can listen in, with the user's certificate or the server's own."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import socket
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_server.clients.addresses import own_names, server_urls
from scumble_server.clients.certificate import kept_identity, own_identity
from scumble_server.config import ServerConfig
from tests.server.gate.visits import PATIENCE, UNHURRIED, Door, enter, port_of, trusting, visit
from tests.server.service.rig import Server
from tests.timing import MS

_USELESS = ("//127.", "[::1]", "[fe80", "//0.0.0.0", "[::]")
"""What only this machine understands."""


def fingerprint_of(connection: object) -> str:
    tls = connection.transport.get_extra_info("ssl_object")  # type: ignore[attr-defined]
    return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate that the user had made by another program."""
    certificate, key = tmp_path / "own.crt", tmp_path / "own.key"
    make_certificate(certificate, key)
    return certificate, key


def make_certificate(certificate: Path, key: Path, *more: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         *(more or ("-nodes",)), "-subj", "/CN=studio", "-days", "2", "-keyout", str(key),
         "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("host", "is_tls"),
    [("127.0.0.1", False), ("127.8.9.1", False), ("localhost", False), ("::1", False),
     ("0.0.0.0", True),  # noqa: S104
      ("::", True), ("192.168.1.5", True), ("studio.example", True), ("", True)],
)  # fmt: skip
def test_whatever_others_can_reach_is_encrypted(host: str, is_tls: bool, tmp_path: Path) -> None:
    assert ServerConfig(tmp_path, host=host).is_tls is is_tls


def test_the_generated_certificate_is_private_and_stays_the_same(tmp_path: Path) -> None:
    seen: list[str] = []

    async def act(door: Door) -> None:
        async with door() as connection:
            await enter(connection)
            seen.append(fingerprint_of(connection))

    server = Server(tmp_path)
    visit(server, act, tls=True)
    visit(server, act, tls=True)
    assert seen[0] == seen[1] == kept_identity(tmp_path / "tls").fingerprint
    assert kept_identity(tmp_path / "elsewhere").fingerprint != seen[0]
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "tls/server.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "words", [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x00", bytes(100), b""]
)
def test_who_speaks_no_tls_gets_nothing_and_others_come_in(
    words: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(door: Door) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(door))
        writer.write(words)
        async with door() as connection:
            await enter(connection)
        with contextlib.suppress(ConnectionResetError):
            answer = await asyncio.wait_for(reader.read(), PATIENCE)
            assert b"HTTP" not in answer
        writer.close()

    visit(Server(tmp_path), act, tls=True, links=replace(UNHURRIED, hello_seconds=2000 * MS))
    assert not any(record.exc_info for record in caplog.records)


def test_looking_whether_somebody_listens_leaves_nothing_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(door: Door) -> None:
        for _ in range(3):
            socket.create_connection(("127.0.0.1", port_of(door))).close()
        async with door() as connection:
            await enter(connection)

    with caplog.at_level(logging.INFO):
        visit(Server(tmp_path), act, tls=True)
    assert not any("No TLS" in record.getMessage() for record in caplog.records)


def test_many_come_and_go_in_the_middle_of_everything(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        for cut in range(0, 2000, 97):
            await half_a_handshake(port_of(door), cut)
        async with door() as connection:
            await enter(connection)

    visit(Server(tmp_path), act, tls=True)


async def half_a_handshake(port: int, cut: int) -> None:
    """Be gone after so many bytes of what a client says."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting().wrap_bio(incoming, outgoing)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = 0
    while sent < cut:
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
            tls.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 300)
        said = outgoing.read()[: cut - sent]
        sent += len(said)
        writer.write(said)
        if not said:
            heard = await asyncio.wait_for(reader.read(4096), PATIENCE)
            if not heard:
                break
            incoming.write(heard)
    writer.transport.abort()


def test_the_users_own_certificate_is_shown(own: tuple[Path, Path], tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as connection:
            await enter(connection)
            pem = own[0].read_text()
            der = ssl.PEM_cert_to_DER_cert(pem)
            assert fingerprint_of(connection) == hashlib.sha256(der).hexdigest()

    visit(Server(tmp_path), act, tls_cert=own[0], tls_key=own[1])
    assert not (tmp_path / "tls").exists()


def test_one_file_may_hold_both(own: tuple[Path, Path], tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(own[1].read_bytes() + own[0].read_bytes())
    assert own_identity(both, both).fingerprint == own_identity(*own).fingerprint


def test_a_certificate_that_can_not_be_used_is_one_clear_sentence(
    own: tuple[Path, Path], tmp_path: Path
) -> None:
    certificate, key = own
    other = tmp_path / "other.key"
    make_certificate(tmp_path / "other.crt", other)
    locked = tmp_path / "locked.key"
    make_certificate(tmp_path / "locked.crt", locked, "-passout", "pass:secret")
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("-----BEGIN NOTHING-----\n")
    for files, reason in (
        ((tmp_path / "none.crt", key), "No such file"),
        ((certificate, tmp_path / "none.key"), "none.key"),
        ((certificate, other), "other.key is not the key of"),
        ((garbage, key), "garbage.pem has no certificate in it"),
        ((certificate, garbage), "garbage.pem has no key in it"),
        ((tmp_path / "locked.crt", locked), "locked.key has no key in it that can be read without"),
        ((tmp_path, key), "Is a directory"),
    ):
        with pytest.raises(RequestError, match=reason) as caught:
            own_identity(*files)
        assert caught.value.code is ErrorCode.INVALID_VALUE
        assert caught.value.message.startswith("The certificate can't be used: ")
        assert "\n" not in str(caught.value)


def test_a_damaged_certificate_is_not_made_anew_unasked(tmp_path: Path) -> None:
    kept_identity(tmp_path)
    (tmp_path / "server.pem").write_text("damaged")
    with pytest.raises(ServerError, match=r"server\.pem is damaged") as caught:
        kept_identity(tmp_path)
    assert "paired again" in caught.value.hint


def test_a_certificate_that_can_not_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ServerError, match="can't be written to"):
        kept_identity(tmp_path / "file" / "tls")


@pytest.mark.parametrize("given", [{"tls_cert": Path("a")}, {"tls_key": Path("a")}])
def test_a_certificate_without_its_key_is_refused(given: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="belong together"):
        ServerConfig(tmp_path, **given)  # type: ignore[arg-type]


def test_other_machines_are_told_addresses_that_they_can_reach() -> None:
    assert server_urls("192.0.2.7", 7867, is_tls=True) == ("wss://192.0.2.7:7867",)
    assert server_urls("::1", 80, is_tls=False) == ("ws://[::1]:80",)
    for host in ("0.0.0.0", "::", ""):  # noqa: S104
        urls = server_urls(host, 7867, is_tls=True)
        assert urls
        for url in urls:
            assert url.startswith("wss://")
            assert url.endswith(":7867")
            assert not any(local in url for local in _USELESS)
    assert own_names()[1].endswith(".local")
