"""What one user's client can learn of another's jobs and pictures: nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.job_list import AskJobs, Jobs
from scumble_protocol.messages import (
    Acknowledge,
    AskStatus,
    Attach,
    Cancel,
    Chunk,
    Forget,
    Refused,
    Status,
    Submit,
    Want,
)
from scumble_server.clients import pictures
from scumble_server.clients.pictures import UsersPictures
from scumble_server.clients.users import LOCAL
from tests.protocol.samples import IMAGE, MASK, REGENERATE
from tests.server.gate.visits import (
    UNHURRIED,
    Door,
    asked,
    enter,
    heard,
    paired,
    refusal,
    say,
    submit,
    upload,
    visit,
)
from tests.server.service.rig import RESULT, Server, variant

BOTH = ["want", "accepted"]


async def quiet(connection: object) -> None:
    """Nothing has been said to it: what it hears next is what it asks now."""
    assert isinstance(await asked(connection, AskStatus()), Status)  # type: ignore[arg-type]


def test_a_job_of_somebody_else_is_not_there(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            token = await paired(door, owner)
            assert (await submit(owner, "hers")) == BOTH
            assert (await heard(owner)).type == "started"
            async with door() as guest:
                assert (await enter(guest, token, "hers", "never")).lost == ("hers", "never")
                for job in ("hers", "never"):
                    refused = await refusal(guest, Attach(job, 0))
                    assert refused.code is ErrorCode.UNKNOWN_JOB
                    assert refused.message == f"The server knows no job {job}."
                    await say(guest, Cancel(job), Forget(job), Acknowledge(job))
                    await quiet(guest)
                assert await asked(guest, AskJobs()) == Jobs((), 0)
            server.done("hers")
            assert (await heard(owner)).type == "finished"

    visit(server, act)
    assert server.worker.cancelled == []
    assert server.book.knows("hers")


def test_the_owner_of_the_machine_does_not_see_others_jobs_either(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            token = await paired(door, owner)
            async with door() as guest:
                await enter(guest, token)
                assert (await submit(guest, "his")) == BOTH
            assert (await refusal(owner, Attach("his", 0))).code is ErrorCode.UNKNOWN_JOB
            await say(owner, Cancel("his"), Forget("his"))
            jobs = await asked(owner, AskJobs())
            assert isinstance(jobs, Jobs)
            assert jobs.total == 0
            async with door() as guest:
                assert (await enter(guest, token, "his")).lost == ()
                jobs = await asked(guest, AskJobs())
                assert isinstance(jobs, Jobs)
                assert [job.job for job in jobs.jobs] == ["his"]
                await say(guest, Attach("his", 2))
                server.done("his")
                assert (await heard(guest)).type == "finished"

    visit(server, act)
    user = server.book.user_of("his")
    assert user is not None
    assert user != LOCAL


@pytest.mark.parametrize("request_", [REGENERATE, variant(7)], ids=["the same", "another"])
def test_a_name_that_somebody_else_took_is_refused_whatever_is_asked_for(
    request_: object, tmp_path: Path
) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner, door() as guest:
            await enter(owner)
            token = await paired(door, owner)
            await enter(guest, token)
            await submit(owner, "one")
            refused = await refusal(guest, Submit("one", request_))  # type: ignore[arg-type]
            assert (refused.job, refused.code) == ("one", ErrorCode.INVALID_VALUE)
            await quiet(guest)

    visit(server, act)


def test_a_name_that_is_taken_while_the_pictures_come_is_refused_then(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner, door() as guest:
            await enter(owner)
            await enter(guest, await paired(door, owner))
            want = await asked(guest, Submit("one", REGENERATE))
            assert isinstance(want, Want)
            assert await submit(owner, "one") == BOTH
            await upload(guest, want)
            refused = await heard(guest)
            assert isinstance(refused, Refused)
            assert refused.code is ErrorCode.INVALID_VALUE
            await quiet(guest)

    visit(server, act)
    assert server.book.user_of("one") == LOCAL


def test_a_picture_that_somebody_else_sent_is_asked_for_again(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner, door() as guest:
            await enter(owner)
            await enter(guest, await paired(door, owner))
            await submit(owner, "hers")
            want = await asked(guest, Submit("his", variant(7)))
            assert isinstance(want, Want)
            assert set(want.blobs) == {image.blob for image in REGENERATE.blobs}
            await upload(guest, want)
            assert (await heard(guest)).type == "accepted"
            # Once it was sent, it is there, as for everybody.
            assert await submit(guest, "again", variant(8)) == ["accepted"]

    visit(server, act)


def test_nobody_can_fetch_a_picture_by_its_hash_alone(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner, door() as guest:
            await enter(owner)
            await enter(guest, await paired(door, owner))
            await submit(owner, "hers")
            server.done("hers")
            for blob in (IMAGE.blob, blob_id(RESULT), "0" * 32):
                refused = await refusal(guest, Want((blob,)))
                assert refused.message == "The server no longer has a picture that was asked for."
            assert [(await heard(owner)).type for _ in range(2)] == ["started", "finished"]
            chunk = await asked(owner, Want((blob_id(RESULT),)))
            assert isinstance(chunk, Chunk)

    visit(server, act)


def test_a_result_can_be_fetched_by_whose_it_is_after_the_server_was_killed(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    tokens: list[str] = []

    async def before(door: Door) -> None:
        async with door() as owner, door() as guest:
            await enter(owner)
            tokens.append(await paired(door, owner))
            tokens.append(await paired(door, owner, "other"))
            await enter(guest, tokens[0])
            await submit(guest, "his")
            server.done("his")

    visit(server, before)
    server.kill()
    server = Server(tmp_path)

    async def after(door: Door) -> None:
        async with door() as guest, door() as other:
            assert (await enter(guest, tokens[0], "his")).lost == ()
            assert isinstance(await asked(guest, Want((blob_id(RESULT),))), Chunk)
            assert (await enter(other, tokens[1], "his")).lost == ("his",)
            assert isinstance(await asked(other, Want((blob_id(RESULT),))), Refused)

    visit(server, after)


def test_somebody_with_many_connections_gets_one_turn(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner, door() as first, door() as second:
            await enter(owner)
            token = await paired(door, owner)
            await enter(first, token)
            await enter(second, token)
            await submit(owner, "running")
            await submit(first, "a0", variant(1))
            await submit(second, "a1", variant(2))
            await submit(owner, "b0", variant(3))
            await submit(owner, "b1", variant(4))

    visit(server, act)
    for job in ("running", "a0", "b0", "a1", "b1"):
        assert server.worker.given[-1] == job
        server.done(job)


def test_the_pictures_of_a_job_may_take_so_many_bytes(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            refused = await refusal(owner, Submit("one", REGENERATE))
            assert refused.code is ErrorCode.TOO_LARGE

    visit(server, act, links=replace(UNHURRIED, job_bytes=1000))


def test_only_so_many_bytes_of_pictures_are_on_their_way(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            first = await asked(owner, Submit("one", REGENERATE))
            assert isinstance(first, Want)
            assert len(first.blobs) == 1
            await say(owner, Cancel("one"))
            assert (await heard(owner)).type == "cancelled"
            # It is still on its way, so that nothing else is asked for until it is here.
            await say(owner, Submit("two", variant(2)))
            await quiet(owner)
            await upload(owner, first)
            second = await heard(owner)
            assert isinstance(second, Want)
            assert set(first.blobs).isdisjoint(second.blobs)
            await upload(owner, second)
            assert (await heard(owner)).type == "accepted"

    visit(server, act, links=replace(UNHURRIED, upload_bytes=1))


def test_what_was_sent_long_ago_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path)
    monkeypatch.setattr(pictures, "_MOST_REMEMBERED", 1)
    server.store.put(IMAGE.blob, b"one")
    server.store.put(MASK.blob, b"two")
    kept = UsersPictures(server.store, server.book)
    kept.sent("c1", IMAGE.blob)
    assert kept.has("c1", IMAGE.blob)
    assert not kept.has("c2", IMAGE.blob)
    kept.sent("c1", MASK.blob)
    assert kept.has("c1", MASK.blob)
    assert not kept.has("c1", IMAGE.blob)
    assert kept.has(LOCAL, IMAGE.blob)


def test_thousands_of_pictures_are_refused_with_one_answer(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            names = tuple(f"{number:032x}" for number in range(5000))
            assert (await refusal(owner, Want(names))).code is ErrorCode.TOO_LARGE
            assert (await refusal(owner, Want(names[:4000]))).code is ErrorCode.UNKNOWN_JOB
            await quiet(owner)

    visit(server, act)


def test_a_picture_that_the_disk_does_not_take_refuses_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path)

    def full(blob: str, data: bytes) -> None:
        raise ServerError(ErrorCode.DISK_FULL, "The disk is full.", "Make room.")

    monkeypatch.setattr(server.store, "put", full)

    async def act(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            await upload(owner, await asked(owner, Submit("one", REGENERATE)))
            refused = await heard(owner)
            assert isinstance(refused, Refused)
            assert (refused.job, refused.code) == ("one", ErrorCode.DISK_FULL)
            await quiet(owner)

    visit(server, act)
