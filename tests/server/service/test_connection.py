"""The websocket end of the server, on a real port, with a scripted worker behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from scumble_protocol import codec
from scumble_protocol.blobs import blob_id, chunks
from scumble_protocol.errors import ErrorCode
from scumble_protocol.images import Likeness
from scumble_protocol.messages import (
    AskNames,
    AskStatus,
    Chunk,
    Copy,
    Encoding,
    ListModels,
    Measure,
    Measured,
    Models,
    Names,
    Refused,
    Submit,
    Want,
    Welcome,
)
from scumble_server.jobs.journal import Sender
from tests.protocol.samples import IMAGE, IMAGE_BYTES, MASK, REGENERATE, STARTER
from tests.server.gate.visits import UNHURRIED, close_code, greet, heard, visit
from tests.server.service.rig import BLOBS, RESULT, Server
from tests.timing import MS


def test_a_client_with_the_token_is_welcomed_and_one_without_is_not(tmp_path: Path) -> None:
    async def act(door: Callable[..., connect]) -> None:
        async with door() as connection:
            assert isinstance(await greet(connection), Welcome)
        async with door() as connection:
            refused = await greet(connection, "wrong")
            assert isinstance(refused, Refused)
            assert refused.code is ErrorCode.UNAUTHORIZED
            assert await close_code(connection) == 1008

    visit(Server(tmp_path), act)


def test_who_does_not_say_hello_is_sent_away(tmp_path: Path) -> None:
    async def act(door: Callable[..., connect]) -> None:
        async with door() as connection:
            assert await close_code(connection) == 1000

    visit(Server(tmp_path), act, links=replace(UNHURRIED, hello_seconds=50 * MS))


@pytest.mark.parametrize("host", ["studio.example", "127.0.0.1.studio.example", "[::1"])
def test_a_name_that_is_not_this_machines_is_refused(host: str, tmp_path: Path) -> None:
    async def act(door: Callable[..., connect]) -> None:
        with pytest.raises(InvalidStatus) as caught:
            await door(additional_headers={"Host": host})
        assert caught.value.response.status_code == 403

    visit(Server(tmp_path), act)


def test_a_job_and_its_pictures_go_over_the_wire_and_the_result_comes_back(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Callable[..., connect]) -> None:
        async with door() as connection:
            await greet(connection)
            await connection.send(codec.encode(Submit("one", REGENERATE)))
            want = await heard(connection)
            assert isinstance(want, Want)
            for blob in want.blobs:
                for chunk in chunks(blob, BLOBS[blob], Encoding.RAW, 700):
                    await connection.send(codec.encode(chunk))
            assert [(await heard(connection)).type for _ in range(2)] == ["accepted", "started"]
            server.done("one")
            assert (await heard(connection)).type == "finished"
            await connection.send(codec.encode(Want((blob_id(RESULT),))))
            piece = await heard(connection)
            assert isinstance(piece, Chunk)
            assert piece.data == RESULT

    visit(server, act)


def test_a_picture_is_copied_from_one_that_came_before(tmp_path: Path) -> None:
    server = Server(tmp_path)
    painted = IMAGE_BYTES[:-1] + b"x"
    image = replace(IMAGE, blob=blob_id(painted))
    like = Likeness(image.blob, IMAGE.blob)

    async def act(door: Callable[..., connect]) -> None:
        async with door() as connection:
            await greet(connection)
            server.store.put(IMAGE.blob, IMAGE_BYTES)
            server.store.put(MASK.blob, BLOBS[MASK.blob])
            request = replace(REGENERATE, image=image)
            await connection.send(codec.encode(Submit("one", request, (like,))))
            assert await heard(connection) == Want((image.blob,), (like,))
            total = len(painted)
            copy = Copy(image.blob, total, 0, IMAGE.blob, 0, total - 1)
            last = Chunk(image.blob, total, total - 1, Encoding.RAW, b"x")
            for piece in (copy, last):
                await connection.send(codec.encode(piece))
            assert [(await heard(connection)).type for _ in range(2)] == ["accepted", "started"]
            assert server.store.get(image.blob) == painted

    visit(server, act)


def test_a_picture_whose_base_is_gone_is_wanted_once_more(tmp_path: Path) -> None:
    server = Server(tmp_path)
    like = Likeness(IMAGE.blob, blob_id(IMAGE_BYTES[::-1]))

    async def act(door: Callable[..., connect]) -> None:
        async with door() as connection:
            await greet(connection)
            server.store.put(MASK.blob, BLOBS[MASK.blob])
            server.store.put(like.base, IMAGE_BYTES[::-1])
            await connection.send(codec.encode(Submit("one", REGENERATE, (like,))))
            assert await heard(connection) == Want((IMAGE.blob,), (like,))
            server.store.release([like.base], delete=True)
            total = len(IMAGE_BYTES)
            await connection.send(codec.encode(Copy(IMAGE.blob, total, 0, like.base, 0, total)))
            assert await heard(connection) == Want((IMAGE.blob,))
            for chunk in chunks(IMAGE.blob, IMAGE_BYTES, Encoding.RAW, total):
                await connection.send(codec.encode(chunk))
            assert [(await heard(connection)).type for _ in range(2)] == ["accepted", "started"]

    visit(server, act)


def test_a_panel_is_told_how_long_a_prompt_is_and_what_it_can_name(tmp_path: Path) -> None:
    async def act(door: Callable[..., connect]) -> None:
        async with door() as connection:
            await greet(connection)
            await connection.send(codec.encode(Measure("a cat", "starter")))
            measured = await heard(connection)
            assert isinstance(measured, Measured)
            assert measured.tokens > 1
            await connection.send(codec.encode(AskNames()))
            assert await heard(connection) == Names((), (), ())

    visit(Server(tmp_path), act)


def test_a_model_that_came_is_listed_and_told_to_everybody_once(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Callable[..., connect]) -> None:
        async with door() as asking, door() as other:
            await greet(asking)
            await greet(other)
            server.models = (STARTER, replace(STARTER, id="new"))
            await asking.send(codec.encode(ListModels()))
            for connection in (asking, other):
                models = await heard(connection)
                assert isinstance(models, Models)
                assert [model.id for model in models.models] == [STARTER.id, "new"]
            await asking.send(codec.encode(ListModels()))
            await asking.send(codec.encode(AskStatus()))
            assert [(await heard(asking)).type for _ in range(2)] == ["models", "status"]

    visit(server, act)


def test_a_client_that_breaks_off_leaves_its_job_and_the_others_in_peace(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Callable[..., connect]) -> None:
        async with door() as other:
            await greet(other)
            connection = await door()
            await greet(connection)
            sender = Sender("local", "ann")
            server.service.submit("one", sender, REGENERATE, lambda _event: None)
            connection.transport.abort()
            server.done("one")
            await other.send(codec.encode(AskStatus()))
            assert (await heard(other)).type == "status"

    visit(server, act)
    assert server.book.request("one") == REGENERATE


def test_a_client_that_does_not_read_is_told_only_the_newest_preview(tmp_path: Path) -> None:
    server = Server(tmp_path)
    sent = 300  # of 256 KiB, far above what the kernel keeps for a socket

    async def act(door: Callable[..., connect]) -> None:
        async with door() as connection:
            await greet(connection)
            await connection.send(codec.encode(Submit("one", REGENERATE)))
            want = await heard(connection)
            assert isinstance(want, Want)
            for blob in want.blobs:
                for chunk in chunks(blob, BLOBS[blob], Encoding.RAW, 2**20):
                    await connection.send(codec.encode(chunk))
            assert [(await heard(connection)).type for _ in range(2)] == ["accepted", "started"]
            connection.transport.pause_reading()
            for _ in range(sent):
                server.preview("one", side=256)
                await asyncio.sleep(0)
            server.done("one")
            connection.transport.resume_reading()
            kinds: list[str] = []
            while not kinds or kinds[-1] != "finished":
                kinds.append((await heard(connection)).type)
            assert kinds.count("preview") < sent / 2

    visit(server, act)


def test_a_defect_in_one_connection_is_logged_and_ends_only_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(tmp_path)

    async def act(door: Callable[..., connect]) -> None:
        async with door() as connection, door() as other:
            await greet(connection)
            await greet(other)
            with monkeypatch.context() as patch:
                patch.setattr(server.service, "status", lambda: 1 / 0)
                await connection.send(codec.encode(AskStatus()))
                await close_code(connection)
            await other.send(codec.encode(AskStatus()))
            assert (await heard(other)).type == "status"

    with caplog.at_level(logging.ERROR):
        visit(server, act)
    assert [record.exc_info is not None for record in caplog.records] == [True]
