"""One connection, as the client's thread uses it."""

from __future__ import annotations

import queue

import pytest

from scumble_protocol.client.link import Link
from scumble_protocol.errors import ErrorCode, PeerError
from scumble_protocol.messages import PROTOCOL_VERSION, AskStatus, Hello, Status
from tests.client.passing_server import RIGHT, passing_server
from tests.timing import MS

HELLO = Hello(PROTOCOL_VERSION, "test", "1", RIGHT, ())


def test_what_comes_is_handed_on_and_the_end_too() -> None:
    arrivals: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    with passing_server() as server:
        link, welcome = Link.open(server.address, HELLO)
        assert welcome.version == "test"
        link.listen(arrivals.put)
        link.send(AskStatus())
        (status,) = link.receive(arrivals.get(timeout=5000 * MS))
        assert isinstance(status, Status)
        link.close()
        assert arrivals.get(timeout=5000 * MS) is None


def test_a_lost_connection_is_an_error_for_whoever_sends_or_receives() -> None:
    arrivals: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    with passing_server() as server:
        link, _ = Link.open(server.address, HELLO)
        link.listen(arrivals.put)
        server.drop()
        arrival = arrivals.get(timeout=5000 * MS)
        with pytest.raises(PeerError, match="was lost") as caught:
            link.receive(arrival)
        assert caught.value.code is ErrorCode.DISCONNECTED
        with pytest.raises(PeerError, match="was lost"):
            link.send(AskStatus())
        link.close()
