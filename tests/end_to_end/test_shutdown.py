"""A server that is told to end: everybody hears it, it is gone soon, and the job is done later."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from scumble_protocol import codec, endpoint
from scumble_protocol.client import Disconnected
from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    SERVER_MESSAGES,
    SUBPROTOCOL,
    Chunk,
    Encoding,
    Hello,
    Message,
    Refused,
    Submit,
    Want,
)
from tests.end_to_end.server_process import (
    PATIENCE,
    TINY,
    Painter,
    ServerProcess,
    painter,
    regenerate,
    running_server,
    state_with,
)
from tests.end_to_end.troubled import Troubles
from tests.timing import MS

pytestmark = [
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs signals between programs"),
]

ARGUMENTS = ("--model", TINY, "--device", "cpu")

_log = logging.getLogger(__name__)

SOON = max(2.5, 2500 * MS)
"""It is promised to be two seconds, and it ends itself after 1.6; where other programs have the
processor, waking it up takes a moment, too."""


@pytest.fixture(scope="module")
def undisturbed(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """What the job makes on a server that nothing happens to."""
    folder = state_with(model, tmp_path_factory.mktemp("undisturbed") / "state")
    with running_server(folder, *ARGUMENTS), painter(folder) as ann:
        return ann.result(ann.submit(*regenerate(steps=30))).blobs


def assert_gone_soon(server: ServerProcess, number: int = signal.SIGTERM) -> None:
    """It ends in time, in good order, and leaves no endpoint file."""
    began = time.monotonic()
    code = server.signal(number)
    seconds = time.monotonic() - began
    _log.info("Gone after %.2f s.", seconds)
    assert code == 0
    assert seconds < SOON
    assert not (server.state / endpoint.FILE_NAME).exists()


def assert_told(who: Painter) -> None:
    """The client heard why the server went."""
    told = next((it for it in who.heard if isinstance(it, Disconnected)), None) or who.until(
        lambda event: isinstance(event, Disconnected)
    )
    assert isinstance(told, Disconnected)
    assert told.error.code is ErrorCode.SHUTTING_DOWN


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_at_rest_is_gone_at_once(state: Path, number: int) -> None:
    with running_server(state, *ARGUMENTS) as server, painter(state) as ann:
        request, blobs = regenerate()
        ann.result(ann.submit(request, blobs))
        assert_gone_soon(server, number)
        assert_told(ann)


def test_a_running_job_is_parked_and_the_next_server_does_it_to_the_byte(
    state: Path, undisturbed: Mapping[str, bytes]
) -> None:
    with running_server(state, *ARGUMENTS) as server, painter(state) as ann:
        job = ann.submit(*regenerate(steps=30))
        ann.sampling(job)
        assert_gone_soon(server)
        assert_told(ann)
        with running_server(state, *ARGUMENTS):
            assert ann.result(job).blobs == undisturbed


@pytest.mark.parametrize("trouble", ["hang in a step", "hang in loading"])
def test_whatever_the_worker_hangs_in_the_server_is_gone_and_the_job_is_done_later(
    state: Path, troubles: Troubles, trouble: str, undisturbed: Mapping[str, bytes]
) -> None:
    troubles.add(trouble)
    with running_server(state, *ARGUMENTS) as server, painter(state) as ann:
        job = ann.submit(*regenerate(steps=30))
        troubles.wait(trouble)
        assert_gone_soon(server)
        assert_told(ann)
        # As often as one likes: an end in good order is no attempt.
        with running_server(state, *ARGUMENTS) as again:
            ann.sampling(job)
            assert_gone_soon(again)
        with running_server(state, *ARGUMENTS):
            assert ann.result(job).blobs == undisturbed


def test_a_second_signal_ends_it_at_once(state: Path, troubles: Troubles) -> None:
    troubles.add("hang in a step")
    with running_server(state, *ARGUMENTS) as server, painter(state) as ann:
        ann.submit(*regenerate(steps=30))
        troubles.wait("hang in a step")
        server.process.terminate()
        time.sleep(100 * MS)
        began = time.monotonic()
        assert server.signal(signal.SIGTERM) == -signal.SIGTERM
        assert time.monotonic() - began < 1000 * MS


class Upload:
    """A client by hand, which submitted a job with a large picture and sends it, piece by piece."""

    def __init__(self, state: Path) -> None:
        here = endpoint.read(state)
        assert here is not None
        self.socket = connect(
            here.url, subprotocols=[Subprotocol(SUBPROTOCOL)], compression=None, proxy=None
        )
        self.send(Hello(PROTOCOL_VERSION, "test", "1", here.token, (), (Encoding.RAW,)))
        self.read()
        request, _ = regenerate(side=1024)
        self.send(Submit("upload", request))
        want = self.read()
        assert isinstance(want, Want)
        pixels = bytes(1024)
        chunk = Chunk(want.blobs[0], 1024 * 1024 * 4, 0, Encoding.RAW, pixels)
        self.socket.send(codec.encode(chunk))

    def send(self, message: Hello | Submit) -> None:
        self.socket.send(codec.encode(message))

    def read(self) -> Message:
        frame = self.socket.recv(PATIENCE)
        assert isinstance(frame, bytes)
        return codec.decode(frame, SERVER_MESSAGES)


@pytest.fixture
def half_open(state: Path) -> Iterator[Callable[[], None]]:
    """Opens connections that say a little and then nothing, not even goodbye."""
    sockets: list[socket.socket] = []

    def open_one() -> None:
        here = endpoint.read(state)
        assert here is not None
        stream = socket.create_connection((here.host, here.port), PATIENCE)
        sockets.append(stream)
        stream.sendall(
            f"GET / HTTP/1.1\r\nHost: {here.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode()
        )
        assert b"101" in stream.recv(4096)

    yield open_one
    for stream in sockets:
        stream.close()


def test_clients_that_upload_or_say_nothing_keep_nobody(
    state: Path, half_open: Callable[[], None]
) -> None:
    with running_server(state, *ARGUMENTS) as server:
        half_open()
        upload = Upload(state)
        assert_gone_soon(server)
        told = upload.read()
        assert isinstance(told, Refused)
        assert told.code is ErrorCode.SHUTTING_DOWN
        with pytest.raises(ConnectionClosed) as closed:
            upload.read()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
