"""A house with a scripted worker in it, on a real port of loopback, and visitors to it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from scumble_protocol import codec
from scumble_protocol.blobs import chunks
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    SERVER_MESSAGES,
    SUBPROTOCOL,
    Encoding,
    Hello,
    Message,
    Refused,
    Submit,
    Want,
    Welcome,
)
from scumble_protocol.pairing import OfferPairing, Pair, Paired, PairingOffer, prove, tidy_code
from scumble_protocol.requests import Request
from scumble_server.clients.house import House
from scumble_server.clients.link_limits import LinkLimits
from scumble_server.config import ServerConfig
from scumble_server.state import open_folder
from tests.protocol.samples import REGENERATE
from tests.server.service.rig import BLOBS, Server
from tests.timing import MS

TOKEN = "right"  # noqa: S105
PATIENCE = 20_000 * MS
UNHURRIED = replace(LinkLimits(), hello_seconds=PATIENCE)
NONCE = "5c" * 32
_ABNORMAL = 1006
"""https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1: no close frame came."""

Door = Callable[..., connect]
Visit = Callable[[Door], Awaitable[None]]


def visit(server: Server, act: Visit, *, links: LinkLimits = UNHURRIED, **settings: Any) -> None:
    """Let the test act as clients of the server.

    Args:
        server: What is served.
        act: The test.
        links: How long connections are waited for.
        settings: Others of `ServerConfig`.
    """
    asyncio.run(_visit(server, act, links, settings))


async def _visit(server: Server, act: Visit, links: LinkLimits, settings: dict[str, Any]) -> None:
    server.service.links = links
    folder = open_folder(server.folder)
    config = ServerConfig(
        folder.root, links=links, limits=server.service.limits, token=TOKEN, **settings
    )
    house = House(config, folder, server.service, TOKEN)
    listening = await house.open()
    door = functools.partial(
        connect,
        f"{'wss' if config.is_tls else 'ws'}://127.0.0.1:{house.port}",
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        proxy=None,
        ping_interval=None,
        max_size=None,
        ssl=trusting() if config.is_tls else None,
    )
    try:
        await asyncio.wait_for(act(door), 5 * PATIENCE)
    finally:
        listening.close()
        await listening.wait_closed()
        house.close()


def trusting() -> ssl.SSLContext:
    """For a client that looks at the fingerprint itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def port_of(door: Door) -> int:
    """Where it leads, for whoever does not come by websocket."""
    return int(door.args[0].rpartition(":")[2])  # type: ignore[attr-defined]


async def say(connection: ClientConnection, *messages: Message) -> None:
    for message in messages:
        await connection.send(codec.encode(message))


async def heard(connection: ClientConnection) -> Message:
    frame = await asyncio.wait_for(connection.recv(decode=False), PATIENCE)
    return codec.decode(frame, SERVER_MESSAGES)


async def asked(connection: ClientConnection, message: Message) -> Message:
    await say(connection, message)
    return await heard(connection)


async def greet(connection: ClientConnection, token: str = TOKEN, *awaiting: str) -> Message:
    return await asked(connection, Hello(PROTOCOL_VERSION, "test", "1", token, awaiting))


async def enter(connection: ClientConnection, token: str = TOKEN, *awaiting: str) -> Welcome:
    welcome = await greet(connection, token, *awaiting)
    assert isinstance(welcome, Welcome), welcome
    return welcome


async def refusal(connection: ClientConnection, message: Message) -> Refused:
    refused = await asked(connection, message)
    assert isinstance(refused, Refused), refused
    return refused


async def close_code(connection: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as caught:
        await asyncio.wait_for(connection.recv(), PATIENCE)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


async def assert_cut(connection: ClientConnection) -> None:
    """It ends without a goodbye."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await asyncio.wait_for(connection.recv(), PATIENCE)
    assert connection.close_code == _ABNORMAL


async def upload(connection: ClientConnection, want: Message) -> None:
    assert isinstance(want, Want), want
    for blob in want.blobs:
        for chunk in chunks(blob, BLOBS[blob], Encoding.RAW, 2**20):
            await say(connection, chunk)


async def submit(
    connection: ClientConnection, job: str, request: Request = REGENERATE
) -> list[str]:
    """Submit a job, with its pictures where they are wanted; what came in answer."""
    answers = [await asked(connection, Submit(job, request))]
    if isinstance(answers[0], Want):
        await upload(connection, answers[0])
        answers.append(await heard(connection))
    return [answer.type for answer in answers]


def pair_with(offer: PairingOffer, code: str | None = None, name: str = "studio") -> Pair:
    """What a client says that sees the server's certificate."""
    tidy = tidy_code(code or offer.code)
    assert tidy is not None
    proof = prove(tidy, "client", NONCE, offer.fingerprint)
    return Pair(PROTOCOL_VERSION, name, NONCE, proof)


async def paired(door: Door, owner: ClientConnection, name: str = "studio") -> str:
    """Somebody is let in; their token."""
    offer = await asked(owner, OfferPairing())
    assert isinstance(offer, PairingOffer), offer
    async with door() as connection:
        answer = await asked(connection, pair_with(offer, name=name))
    assert isinstance(answer, Paired), answer
    return answer.token
