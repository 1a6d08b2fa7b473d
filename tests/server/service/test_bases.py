"""Pictures that come by what differs from one that the server has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import Likeness
from scumble_protocol.messages import Cancel, Submit, Want
from scumble_protocol.requests import Regenerate
from tests.protocol.samples import MASK, REGENERATE
from tests.server.service.rig import BLOBS, Editor, Server

SIDE = 128
FIRST = bytes(range(256)) * (SIDE * SIDE * 4 // 256)
PAINTED = FIRST[:30_000] + bytes(300) + FIRST[30_300:]
OTHER = PAINTED[:60_000] + bytes(300) + PAINTED[60_300:]
BUDGET = 100_000
"""Bytes that nobody holds; the first picture and its mask have room."""

LIKE = Likeness(blob_id(PAINTED), blob_id(FIRST))


def picture(data: bytes, side: int = SIDE) -> Regenerate:
    """A request for this picture."""
    context = Rect(0, 0, side, side)
    size = Size(side, side)
    image = replace(REGENERATE.image, blob=blob_id(data), size=size)
    mask = replace(MASK, blob=blob_id(_mask(side)), size=size)
    return replace(REGENERATE, canvas=size, context=context, image=image, mask=mask)


def _mask(side: int) -> bytes:
    return b"\xff" * side * side


def painter(server: Server) -> Editor:
    """An editor that has all pictures, and whose job `first` was done."""
    datas = (FIRST, PAINTED, OTHER, _mask(SIDE))
    editor = Editor(server, blobs={**BLOBS, **{blob_id(data): data for data in datas}})
    editor.submit("first", picture(FIRST))
    server.done("first")
    return editor


def wants(editor: Editor) -> list[Want]:
    return [message for message in editor.received if isinstance(message, Want)]


def squeeze(server: Server) -> None:
    """Have the store delete whatever nobody holds."""
    for value in range(2):
        data = bytes([value]) * BUDGET
        server.store.put(blob_id(data), data)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_a_picture_is_made_of_its_base_and_what_came(server: Server) -> None:
    editor = painter(server)
    editor.say(Submit("next", picture(PAINTED), (LIKE,)))
    assert wants(editor)[-1] == Want((blob_id(PAINTED),), (LIKE,))
    editor.upload(blob_id(PAINTED), blob_id(FIRST))
    assert editor.heard("next") == ["accepted", "started"]
    assert server.store.get(blob_id(PAINTED)) == PAINTED


def test_a_base_that_is_not_here_is_not_named(server: Server) -> None:
    editor = painter(server)
    unknown = Likeness(blob_id(PAINTED), blob_id(OTHER))
    editor.say(Submit("next", picture(PAINTED), (unknown,)))
    assert wants(editor)[-1] == Want((blob_id(PAINTED),))


def test_a_base_of_another_length_is_not_named(server: Server) -> None:
    editor = painter(server)
    short = Likeness(blob_id(PAINTED), blob_id(_mask(SIDE)))
    editor.say(Submit("next", picture(PAINTED), (short,)))
    assert wants(editor)[-1] == Want((blob_id(PAINTED),))


def test_a_base_stays_until_the_picture_has_come(tmp_path: Path) -> None:
    server = Server(tmp_path, budget=BUDGET)
    editor = painter(server)
    editor.say(Submit("next", picture(PAINTED), (LIKE,)))
    squeeze(server)
    assert server.store.has(blob_id(FIRST))
    editor.upload(blob_id(PAINTED), blob_id(FIRST))
    assert editor.heard("next") == ["accepted", "started"]
    squeeze(server)
    assert not server.store.has(blob_id(FIRST))


def test_a_base_stays_for_what_comes_of_a_job_that_was_cancelled(tmp_path: Path) -> None:
    server = Server(tmp_path, budget=BUDGET)
    editor = painter(server)
    editor.say(Submit("next", picture(PAINTED), (LIKE,)))
    editor.say(Cancel("next"))
    squeeze(server)
    assert server.store.has(blob_id(FIRST))
    editor.upload(blob_id(PAINTED), blob_id(FIRST))
    squeeze(server)
    assert not server.store.has(blob_id(FIRST))


def test_a_client_that_leaves_holds_no_base(tmp_path: Path) -> None:
    server = Server(tmp_path, budget=BUDGET)
    editor = painter(server)
    editor.say(Submit("next", picture(PAINTED), (LIKE,)))
    squeeze(server)
    assert server.store.has(blob_id(FIRST))
    editor.leave()
    squeeze(server)
    assert not server.store.has(blob_id(FIRST))


def test_a_picture_that_can_not_be_stored_holds_no_base(tmp_path: Path) -> None:
    server = Server(tmp_path, budget=BUDGET)
    editor = painter(server)
    editor.say(Submit("next", picture(PAINTED), (LIKE,)))
    squeeze(server)
    full = ServerError(ErrorCode.DISK_FULL, "The disk is full.", "Make room.")
    editor.upload_onto_full_disk(blob_id(PAINTED), full)
    squeeze(server)
    assert not server.store.has(blob_id(FIRST))


@pytest.mark.parametrize("damage", [None, b"", bytes(len(FIRST))])
def test_a_picture_whose_base_was_lost_is_wanted_whole(
    tmp_path: Path, damage: bytes | None
) -> None:
    first = Server(tmp_path)
    painter(first)
    first.kill()
    server = Server(tmp_path)  # which has none of it in memory
    editor = Editor(server, blobs={blob_id(data): data for data in (FIRST, PAINTED)})
    editor.say(Submit("next", picture(PAINTED), (LIKE,)))
    assert wants(editor)[-1].bases == (LIKE,)
    file = tmp_path / "blobs" / blob_id(FIRST)
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    editor.upload(blob_id(PAINTED), blob_id(FIRST))
    assert editor.heard("next") == []
    assert wants(editor)[-1] == Want((blob_id(PAINTED),))
    editor.upload(blob_id(PAINTED))
    assert editor.heard("next") == ["accepted", "started"]
    assert server.store.get(blob_id(PAINTED)) == PAINTED


def test_somebody_else_s_picture_is_no_base(server: Server) -> None:
    painter(server)
    guest = Editor(server, blobs={blob_id(data): data for data in (PAINTED, _mask(SIDE))}, user="g")
    guest.say(Submit("next", picture(PAINTED), (LIKE,)))
    assert wants(guest)[-1].bases == ()
