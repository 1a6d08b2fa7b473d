"""The server as a program: its process, its port, its state folder, its clients."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.sync.connection import Connection
from websockets.typing import Origin, Subprotocol

import msgpack
from scumble_protocol import codec, endpoint
from scumble_protocol.client import Address, Client, Connected, Disconnected, Result
from scumble_protocol.errors import ErrorCode
from scumble_protocol.geometry import Rect
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    SERVER_MESSAGES,
    SUBPROTOCOL,
    Accepted,
    Cancelled,
    Hello,
    Models,
    Preview,
    Progress,
    Refused,
    Status,
    Welcome,
)
from tests.end_to_end.server_process import (
    PATIENCE,
    SIDE,
    TINY,
    Painter,
    ServerProcess,
    painter,
    regenerate,
    running_server,
    state_with,
)

pytestmark = pytest.mark.timeout(1200)  # several servers start, each of which imports torch

LONG: dict[str, Any] = {"strength": 1.0, "steps": 200, "count": 16}
"""Thousands of steps: a job that ends only when it is stopped."""

DEAD_TORCH = "import time; time.sleep(3600)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[ServerProcess]:
    folder = state_with(model, tmp_path_factory.mktemp("shared") / "state")
    with running_server(folder, "--model", TINY, "--device", "cpu") as process:
        yield process


# Doing jobs


def test_a_selection_is_regenerated(server: ServerProcess) -> None:
    request, blobs = regenerate()
    with painter(server.state) as ann:
        job = ann.submit(request, blobs)
        result = ann.result(job)
        (layer,) = result.finished.layers
        image, mask = result.blobs[layer.image.blob], result.blobs[layer.mask.blob]
        assert result.finished.request == request
        assert request.context.contains(layer.rect)
        assert len(image) == layer.image.length == 4 * len(mask)
        assert image != part(blobs[request.image.blob], layer.rect)
        assert mask[0] < max(mask) == 255
        phases = [time.phase for time in result.finished.times]
        assert "sampling" in phases
        kinds = [type(event).__name__ for event in ann.heard if getattr(event, "job", "") == job]
        assert kinds[:2] == ["Accepted", "Started"]
        assert any(isinstance(event, Progress) for event in ann.heard)
        assert any(isinstance(event, Preview) for event in ann.heard)
        ann.client.acknowledge(job)


def test_the_same_request_gives_the_same_bytes_and_sends_no_picture_again(
    server: ServerProcess,
) -> None:
    request, blobs = regenerate(seed=7)
    with painter(server.state) as ann:
        first = ann.result(ann.submit(request, blobs))
    with painter(server.state) as bob:
        second = bob.result(bob.submit(request, {}))
    assert first.finished.layers == second.finished.layers
    assert first.blobs == second.blobs


def test_a_running_job_is_cancelled_and_the_next_one_is_done(server: ServerProcess) -> None:
    request, blobs = regenerate(**LONG)
    with painter(server.state) as ann:
        job = ann.submit(request, blobs)
        ann.sampling(job)
        ann.client.cancel(job)
        assert isinstance(ann.end_of(job), Cancelled)
        request, blobs = regenerate(seed=1)
        assert isinstance(ann.end_of(ann.submit(request, blobs)), Result)


def test_two_clients_at_once_get_their_own_results(server: ServerProcess) -> None:
    with painter(server.state, "ann") as ann, painter(server.state, "bob") as bob:
        jobs: dict[str, tuple[Painter, int]] = {}
        for seed in range(3):
            for who, offset in ((ann, 100), (bob, 200)):
                request, blobs = regenerate(seed=offset + seed, strength=0.5)
                jobs[who.submit(request, blobs)] = (who, offset + seed)
        for job, (who, seed) in jobs.items():
            assert who.result(job).finished.layers[0].seed == seed
        for who, other in ((ann, bob), (bob, ann)):
            mine = {job for job, (owner, _) in jobs.items() if owner is who}
            assert {event.job for event in who.heard if isinstance(event, Result)} == mine
            assert who is not other


def test_strength_zero_gives_the_input_back(server: ServerProcess) -> None:
    request, blobs = regenerate(strength=0.0, count=2)
    with painter(server.state) as ann:
        result = ann.result(ann.submit(request, blobs))
    for layer in result.finished.layers:
        image = result.blobs[layer.image.blob]
        assert image == part(blobs[request.image.blob], layer.rect)


def part(image: bytes, rect: Rect) -> bytes:
    """The pixels of a rectangle of the test picture."""
    rows = (4 * (y * SIDE + rect.x) for y in range(rect.y, rect.bottom))
    return b"".join(image[start : start + 4 * rect.width] for start in rows)


def test_a_model_that_is_not_there_fails_with_a_hint_and_the_server_goes_on(
    server: ServerProcess,
) -> None:
    request, blobs = regenerate(model="tinny")
    with painter(server.state) as ann:
        failed = ann.end_of(ann.submit(request, blobs))
        assert getattr(failed, "code", None) is ErrorCode.UNKNOWN_MODEL
        assert TINY in getattr(failed, "hint", "")
        assert_serves(ann)


def test_a_loaded_model_is_listed_as_such(server: ServerProcess) -> None:
    with painter(server.state) as ann:
        request, blobs = regenerate(seed=3)
        ann.result(ann.submit(request, blobs))
        ann.client.ask_status()
        status = ann.until(lambda event: isinstance(event, Status))
        assert isinstance(status, Status)
        assert TINY in status.loaded
        assert status.memory_used > 0
        ann.client.list_models()
        models = ann.until(lambda event: isinstance(event, Models))
        assert isinstance(models, Models)
        assert {model.id: model.loaded for model in models.models}[TINY]


def assert_serves(who: Painter) -> None:
    request, blobs = regenerate(strength=0.0, seed=random.randrange(2**60))  # noqa: S311
    who.result(who.submit(request, blobs))


# Coming back


def test_a_job_outlives_its_client(server: ServerProcess) -> None:
    request, blobs = regenerate(seed=11, steps=20)
    with painter(server.state) as ann:
        job = ann.submit(request, blobs)
        ann.until(lambda event: getattr(event, "job", "") == job)
    with painter(server.state) as bob:
        bob.client.attach(job)
        result = bob.result(job)
    assert result.finished.request == request


def test_a_job_of_a_killed_server_is_finished_by_the_next_and_delivered(
    state: Path, server: ServerProcess
) -> None:
    request, blobs = regenerate(seed=13, steps=30)
    with running_server(state, "--model", TINY, "--device", "cpu") as killed, painter(state) as ann:
        job = ann.submit(request, blobs)
        ann.sampling(job)
        killed.kill()
        ann.until(lambda event: isinstance(event, Disconnected))
        with running_server(state, "--model", TINY, "--device", "cpu"):
            # The editor that stayed open, and one that was closed and knows the job's id.
            with painter(state) as bob:
                bob.client.attach(job)
                assert bob.result(job).finished == ann.result(job).finished
            ann.client.acknowledge(job)
    with painter(server.state) as carol:
        undisturbed = carol.result(carol.submit(request, blobs))
    assert ann.result(job).blobs == undisturbed.blobs


def test_a_stopped_server_keeps_what_it_was_doing_for_the_next(state: Path) -> None:
    request, blobs = regenerate(**LONG)
    with (
        running_server(state, "--model", TINY, "--device", "cpu") as stopped,
        painter(state) as ann,
    ):
        job = ann.submit(request, blobs)
        ann.sampling(job)
        assert stopped.terminate() == 0
        assert endpoint.read(state) is None
        with running_server(state, "--model", TINY, "--device", "cpu"):
            ann.sampling(job)
            ann.client.cancel(job)
            assert isinstance(ann.end_of(job), Cancelled)


# Who may come in


def open_socket(server: ServerProcess, **options: object) -> ClientConnection:
    here = server.listening()
    settings = {"subprotocols": [Subprotocol(SUBPROTOCOL)], "compression": None, "proxy": None}
    return connect(here.url, **{**settings, **options})  # type: ignore[arg-type]


def hello(server: ServerProcess, **changes: object) -> bytes:
    values = {"protocol": PROTOCOL_VERSION, "token": server.listening().token, **changes}
    return codec.encode(Hello(client="test", version="1", awaiting=(), **values))  # type: ignore[arg-type]


def refusal(connection: Connection) -> Refused:
    """The refusal that ends the connection."""
    message = codec.decode(connection.recv(PATIENCE, decode=False), SERVER_MESSAGES)
    assert isinstance(message, Refused)
    with pytest.raises(ConnectionClosed) as caught:
        connection.recv(PATIENCE)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1008
    return message


def test_a_wrong_token_is_refused_with_a_hint(server: ServerProcess) -> None:
    for token in ("", "wrong", server.listening().token[:-1], "ünïcödé"):
        with open_socket(server) as connection:
            connection.send(hello(server, token=token))
            refused = refusal(connection)
        assert refused.code is ErrorCode.UNAUTHORIZED
        assert server.listening().token not in refused.message + refused.hint


def test_a_client_with_a_wrong_token_says_so_and_keeps_quiet(server: ServerProcess) -> None:
    client = Client(Address(server.listening().url, "wrong"), name="test", version="1")
    client.start()
    try:
        event = Painter(client).until(lambda event: isinstance(event, Disconnected))
    finally:
        client.close()
    assert isinstance(event, Disconnected)
    assert event.error.code is ErrorCode.UNAUTHORIZED


@pytest.mark.parametrize(
    ("protocol", "code"), [(0, ErrorCode.CLIENT_TOO_OLD), (99, ErrorCode.SERVER_TOO_OLD)]
)
def test_another_protocol_is_refused_and_says_which_side_to_update(
    protocol: int, code: ErrorCode, server: ServerProcess
) -> None:
    with open_socket(server) as connection:
        connection.send(hello(server, protocol=protocol))
        assert refusal(connection).code is code


@pytest.mark.parametrize("origin", ["https://example.org", "http://127.0.0.1", "null", ""])
def test_a_web_page_is_refused_whatever_it_knows(origin: str, server: ServerProcess) -> None:
    with pytest.raises(InvalidStatus) as caught:
        open_socket(server, origin=Origin(origin), additional_headers={"Origin": origin})
    assert caught.value.response.status_code == 403


def test_a_name_that_is_not_this_machines_is_refused(server: ServerProcess) -> None:
    here = server.listening()
    for host in ("evil.example", f"evil.example:{here.port}", "127.0.0.1.evil.example", "[::1"):
        assert answer(server, f"Host: {host}").startswith("HTTP/1.1 403"), host
    for host in (f"127.0.0.1:{here.port}", "localhost", "[::1]:80"):
        assert answer(server, f"Host: {host}").startswith("HTTP/1.1 101"), host


def answer(server: ServerProcess, header: str) -> str:
    """The first line of the answer to a handshake with this header."""
    here = server.listening()
    request = (
        f"GET / HTTP/1.1\r\n{header}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    )
    with socket.create_connection((here.host, here.port), PATIENCE) as stream:
        stream.sendall(request.encode())
        return stream.makefile("r", encoding="latin-1").readline()


def test_who_does_not_speak_our_subprotocol_is_sent_away(server: ServerProcess) -> None:
    with pytest.raises(InvalidStatus) as caught:
        open_socket(server, subprotocols=None)
    assert caught.value.response.status_code == 400


def test_the_endpoint_file_is_for_its_owner_alone(server: ServerProcess) -> None:
    assert (server.state / endpoint.FILE_NAME).stat().st_mode & 0o777 == 0o600


# Garbage


def garbage() -> list[bytes | str]:
    values: list[object] = [
        None, 7, [], {}, {"type": "submit"}, {"type": "no such"}, {"type": ["submit"]},
        {"type": "hello"}, {"type": "welcome"}, {"type": "submit", "job": "x", "request": {}},
        {"type": "chunk", "blob": "0" * 32, "total": 9, "offset": 0, "encoding": "raw",
         "data": b"123456789"},
    ]  # fmt: skip
    frames = [msgpack.packb(value) for value in values]
    noise = random.Random(5)  # noqa: S311
    return [
        *frames,
        *(noise.randbytes(length) for length in (0, 1, 40, 4000)),
        "text",
        b"\x91" * 99,
    ]


def test_garbage_ends_only_its_own_connection(server: ServerProcess) -> None:
    with painter(server.state) as ann:
        for frame in garbage():
            for is_greeted in (False, True):
                with open_socket(server) as connection:
                    if is_greeted:
                        connection.send(hello(server))
                        welcome = connection.recv(PATIENCE, decode=False)
                        codec.decode(welcome, (Welcome,))
                    connection.send(frame)
                    assert refusal(connection).code is ErrorCode.PROTOCOL
        assert_serves(ann)


def test_a_frame_that_is_too_long_ends_only_its_own_connection(server: ServerProcess) -> None:
    with painter(server.state) as ann, open_socket(server) as connection:
        connection.send(hello(server))
        connection.recv(PATIENCE)
        with contextlib.suppress(ConnectionClosed):  # the server may close while we still send
            connection.send(bytes(5 * 2**20))
        with pytest.raises(ConnectionClosed):
            connection.recv(PATIENCE)
        assert_serves(ann)


def test_bytes_that_are_no_http_end_only_their_own_connection(server: ServerProcess) -> None:
    here = server.listening()
    with painter(server.state) as ann:
        for sent in (
            b"\x00" * 100,
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01 hello over TLS \r\n\r\n",
        ):
            with socket.create_connection((here.host, here.port), PATIENCE) as stream:
                stream.sendall(sent)
                stream.shutdown(socket.SHUT_WR)
                while stream.recv(1000):
                    pass
        assert_serves(ann)


# A full disk, and other trouble at the start


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process: Linux")
def test_a_full_disk_refuses_jobs_until_there_is_room_again(state: Path) -> None:
    with running_server(state, "--model", TINY, "--device", "cpu") as server, painter(state) as ann:
        before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, before[1]))
        request, blobs = regenerate(strength=0.0)
        large = ann.refusal(ann.submit(request, blobs))
        request, blobs = regenerate(side=16, strength=0.0)
        small = ann.refusal(ann.submit(request, blobs))
        assert (large.code, small.code) == (ErrorCode.DISK_FULL, ErrorCode.DISK_FULL)
        assert "Make room" in large.hint
        ann.client.ask_status()
        status = ann.until(lambda event: isinstance(event, Status))
        assert isinstance(status, Status)
        assert (status.waiting, status.running) == (0, 0)
        assert not [path for path in (state / "blobs").iterdir() if path.suffix == ".part"]
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)
        assert_serves(ann)


def test_a_port_that_is_in_use_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = ServerProcess(tmp_path / "state", "--port", str(port)).failed()
    assert f"Port {port}" in said
    assert "Traceback" not in said
    assert not (tmp_path / "state" / endpoint.FILE_NAME).exists()


def test_a_state_folder_that_is_in_use_is_one_clear_sentence(server: ServerProcess) -> None:
    said = ServerProcess(server.state).failed()
    assert "Another Scumble server" in said
    assert "Traceback" not in said
    assert endpoint.read(server.state) == server.listening()


def test_a_host_that_is_not_this_machines_is_one_clear_sentence(tmp_path: Path) -> None:
    said = ServerProcess(tmp_path / "state", "--host", "192.0.2.1").failed()
    assert "192.0.2.1" in said
    assert "Traceback" not in said


def test_a_device_that_is_not_there_is_one_clear_sentence(tmp_path: Path) -> None:
    said = ServerProcess(tmp_path / "state", "--device", "cuda:99").failed()
    assert "cuda:99" in said
    assert "Traceback" not in said


def test_a_server_serves_and_ends_while_its_device_takes_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow" / "torch").mkdir(parents=True)
    (tmp_path / "slow" / "torch" / "__init__.py").write_text(DEAD_TORCH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "slow"), prepend=os.pathsep)
    with running_server(tmp_path / "state") as server:
        with painter(tmp_path / "state") as ann:
            (welcome,) = (event.welcome for event in ann.heard if isinstance(event, Connected))
            assert "lanczos" in {model.id for model in welcome.models}
            request, blobs = regenerate(strength=0.0)
            job = ann.submit(request, blobs)
            ann.until(lambda event: isinstance(event, Accepted) and event.job == job)
        assert server.terminate() == 0
