"""A line that is slow, and otherwise honest, between the real client and the server's door."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.client import Address, Client, ClientEvent, Disconnected, Result
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Started
from scumble_server.clients.certificate import kept_identity
from tests.protocol.samples import IMAGE, MASK, REGENERATE
from tests.server.gate.visits import PATIENCE, TOKEN, UNHURRIED, Door, port_of, visit
from tests.server.service.rig import Server
from tests.timing import MS

RATE = 250_000 / (1000 * MS)
"""Bytes a second of the line. The server's least is half of that."""

LINKS = replace(UNHURRIED, stall_seconds=500 * MS, silent_seconds=1500 * MS, ping_seconds=100 * MS)


@contextlib.contextmanager
def slow_line(port: int) -> Iterator[int]:
    """A port that leads to another one, slowly; little waits on the way."""
    with socket.create_server(("127.0.0.1", 0)) as near:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**14)
        threading.Thread(target=_lead, args=(near, port), daemon=True).start()
        yield near.getsockname()[1]


def _lead(near: socket.socket, port: int) -> None:
    with contextlib.suppress(OSError):  # the test is over
        while True:
            here, _ = near.accept()
            there = socket.socket()
            there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**14)
            there.connect(("127.0.0.1", port))
            for way in ((here, there), (there, here)):
                threading.Thread(target=_carry, args=way, daemon=True).start()


def _carry(here: socket.socket, there: socket.socket) -> None:
    with contextlib.suppress(OSError), here, there:
        while data := here.recv(4096):
            there.sendall(data)
            time.sleep(len(data) / RATE)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_pictures_that_take_seconds_come_through_both_ways(
    tls: bool,
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    noise = random.Random(7).randbytes(4 * 600 * 200)  # noqa: S311  (pixels)
    size = Size(600, 200)
    image = replace(IMAGE, blob=blob_id(noise), size=size)
    full = bytes(255 for _ in range(size.pixels))
    mask = replace(MASK, blob=blob_id(full), size=size)
    request = replace(REGENERATE, canvas=size, context=Rect.of(size), image=image, mask=mask)

    async def act(door: Door) -> None:
        with slow_line(port_of(door)) as port:
            fingerprint = kept_identity(tmp_path / "tls").fingerprint if tls else ""
            url = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}"
            client = Client(lambda: Address(url, TOKEN, fingerprint), name="slow", version="1")
            client.start()
            try:
                job = client.submit(request, {image.blob: noise, mask.blob: full})
                await asyncio.to_thread(until, client, lambda it: isinstance(it, Started))
                server.done(job, noise)
                end = await asyncio.to_thread(until, client, lambda it: isinstance(it, Result))
                assert isinstance(end, Result)
                assert end.blobs == {image.blob: noise}
            finally:
                await asyncio.to_thread(client.close)

    visit(server, act, links=LINKS, tls=tls)


def until(client: Client, is_it: Callable[[ClientEvent], bool]) -> ClientEvent:
    """The first event that it is; the connection must last until then."""
    while True:
        assert client.wait(PATIENCE)
        for event in client.poll():
            assert not isinstance(event, Disconnected), event
            if is_it(event):
                return event
