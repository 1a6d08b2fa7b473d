"""TLS while one thread reads and another one writes."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scumble_protocol.client.tls import Tls, TlsSocket
from tests.client.certificates import make_certificate
from tests.client.tls_front import TlsFront

LENGTH = 8 * 2**20


@contextmanager
def connected(folder: Path) -> Iterator[tuple[TlsSocket, socket.socket]]:
    """A client with TLS, and who is at the other end."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_server(("127.0.0.1", 0)) as listening:
        front = TlsFront(make_certificate(folder), listening.getsockname()[1])
        below = socket.create_connection(("127.0.0.1", front.port))
        secure = Tls(context).wrap_socket(below, "127.0.0.1")
        other, _ = listening.accept()
        try:
            yield secure, other
        finally:
            secure.close()
            other.close()
            front.stop()


def test_what_goes_both_ways_at_once_arrives_whole(tmp_path: Path) -> None:
    data = os.urandom(LENGTH)
    with connected(tmp_path) as (secure, other):

        def echo() -> None:
            while piece := other.recv(2**16):
                other.sendall(piece)

        echoing = threading.Thread(target=echo)
        sending = threading.Thread(target=secure.sendall, args=(data,))
        echoing.start()
        sending.start()
        come = bytearray()
        while len(come) < LENGTH:
            come += secure.recv(2**16)
        sending.join()
        secure.shutdown(socket.SHUT_RDWR)
        echoing.join()
    assert come == data


def test_the_end_of_a_connection_is_no_error(tmp_path: Path) -> None:
    with connected(tmp_path) as (secure, other):
        other.close()
        assert secure.recv(100) == b""


def test_a_cut_connection_has_an_end_too(tmp_path: Path) -> None:
    with connected(tmp_path) as (secure, _):
        secure.shutdown(socket.SHUT_RD)
        assert secure.recv(100) == b""


def test_a_connection_that_is_cut_in_the_greeting_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        below = socket.create_connection(listening.getsockname())
        other, _ = listening.accept()
        other.close()
        with pytest.raises(OSError):  # noqa: PT011 (which one is OpenSSL's business)
            Tls(ssl.create_default_context()).wrap_socket(below, "127.0.0.1")
        below.close()
