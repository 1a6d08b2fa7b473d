from __future__ import annotations

from pathlib import Path

import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.messages import Acknowledge, Attach, Failed, Forget, Refused, Want
from scumble_server.jobs.journal_clock import DAY
from scumble_server.jobs.retention import Keep
from tests.protocol.samples import IMAGE, IMAGE_BYTES, MASK_BYTES
from tests.server.service.rig import RESULT, Editor, Server, variant

FULL = ServerError(ErrorCode.DISK_FULL, "The disk is full.", "Make room.")
SIZE = len(RESULT)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def raise_full(*_: object) -> None:
    raise FULL


def result(number: int) -> bytes:
    """Results of the same length, none like another."""
    return f"result {number:03d}".encode()


def make(server: Server, editor: Editor, number: int, *, is_acknowledged: bool = False) -> str:
    """Have a job done a day after the one before."""
    job = f"job{number}"
    server.now += DAY
    editor.submit(job, variant(number))
    server.done(job, result(number))
    if is_acknowledged:
        editor.say(Acknowledge(job))
    return job


def has(server: Server, *numbers: int) -> list[bool]:
    """Whether job and picture are there, or neither; never one of them alone."""
    there = []
    for number in numbers:
        knows = server.book.knows(f"job{number}")
        assert server.store.has(blob_id(result(number))) == knows
        there.append(knows)
    return there


def sweep(server: Server) -> None:
    while server.book.sweep():
        pass


# Acknowledged and forgotten


def test_an_acknowledged_result_is_still_there_for_others_and_after_a_restart(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    make(server, editor, 1, is_acknowledged=True)
    (job,) = server.book.summaries("local", 0, 10).jobs
    assert job.is_acknowledged
    server.kill()
    again = Editor(Server(tmp_path))
    again.say(Attach("job1", 0))
    again.say(Want((blob_id(result(1)),)))
    assert again.heard("job1")[-1] == "finished"
    assert again.arrived == {blob_id(result(1)): result(1)}


def test_acknowledging_what_nobody_knows_changes_nothing(server: Server) -> None:
    editor = Editor(server)
    editor.say(Acknowledge("never"))
    assert len(editor.received) == 1


def test_what_is_forgotten_goes_at_once(server: Server) -> None:
    editor = Editor(server)
    make(server, editor, 1)
    editor.say(Forget("job1"))
    assert has(server, 1) == [False]
    assert server.book.keeping.kept().jobs == 0
    assert server.store.has(IMAGE.blob), "the cache may have it"


# By age


def test_results_are_kept_for_so_many_days_and_no_longer(tmp_path: Path) -> None:
    server = Server(tmp_path, keep=Keep(days=30))
    editor = Editor(server)
    make(server, editor, 1)
    make(server, editor, 2, is_acknowledged=True)
    editor.submit("waiting", variant(3))
    server.now = 31 * DAY - 1
    sweep(server)
    assert has(server, 1, 2) == [True, True]
    server.now += 1
    sweep(server)
    assert has(server, 1, 2) == [False, True]
    server.now += 10 * DAY
    sweep(server)
    assert has(server, 1, 2) == [False, False]
    assert server.book.is_live("waiting")


def test_an_unseen_result_is_kept_for_its_days_though_others_go_sooner(tmp_path: Path) -> None:
    server = Server(tmp_path, keep=Keep(days=1, unseen_days=7))
    editor = Editor(server)
    make(server, editor, 1)
    make(server, editor, 2, is_acknowledged=True)
    server.now += 6 * DAY - 1
    sweep(server)
    assert has(server, 1, 2) == [True, False]
    server.now += 1
    sweep(server)
    assert has(server, 1) == [False]


@pytest.mark.parametrize("jump", [3650 * DAY, -3650 * DAY])
def test_a_machines_clock_that_jumps_deletes_nothing(tmp_path: Path, jump: float) -> None:
    server = Server(tmp_path)
    make(server, Editor(server), 1)
    server.wall += jump
    sweep(server)
    assert has(server, 1) == [True]
    server.kill()
    server = Server(tmp_path, wall=server.wall + jump)
    sweep(server)
    assert has(server, 1) == [True]
    server.now += 31 * DAY
    sweep(server)
    assert has(server, 1) == [False]


# By size


def test_above_the_bytes_the_oldest_acknowledged_results_go_first(tmp_path: Path) -> None:
    size = len(result(0))
    server = Server(tmp_path, keep=Keep(bytes=4 * size))
    editor = Editor(server)
    make(server, editor, 1)
    for number in (2, 3, 4):
        make(server, editor, number, is_acknowledged=True)
    assert has(server, 1, 2, 3, 4) == [True] * 4
    make(server, editor, 5)
    assert has(server, 1, 2, 3, 4, 5) == [True, False, True, True, True]
    make(server, editor, 6)
    make(server, editor, 7)
    assert has(server, 1, 3, 4, 5, 6, 7) == [True, False, False, True, True, True]


def test_unseen_results_stay_above_the_bytes_until_their_days_are_over(tmp_path: Path) -> None:
    size = len(result(0))
    server = Server(tmp_path, keep=Keep(bytes=size, unseen_days=7))
    editor = Editor(server)
    for number in range(1, 8):
        make(server, editor, number)
    assert has(server, *range(1, 8)) == [True] * 7
    server.now += DAY
    sweep(server)
    assert has(server, *range(1, 8)) == [False, *[True] * 6]
    server.now += 7 * DAY
    sweep(server)
    assert has(server, *range(1, 8)) == [*[False] * 6, True], "as many as there is room for"


def test_jobs_without_pictures_are_not_deleted_for_room(tmp_path: Path) -> None:
    server = Server(tmp_path, keep=Keep(bytes=0))
    editor = Editor(server)
    editor.submit("failed")
    server.broken("failed", FULL)
    editor.say(Acknowledge("failed"))
    server.now += 8 * DAY
    make(server, editor, 1, is_acknowledged=True)
    sweep(server)
    assert has(server, 1) == [False]
    assert server.book.knows("failed")


def test_a_picture_of_two_jobs_stays_until_both_are_gone(tmp_path: Path) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    for job in ("one", "two"):
        editor.submit(job, variant(len(job) + ord(job[0])))
        server.done(job)
    editor.say(Forget("one"))
    assert server.store.has(blob_id(RESULT))
    editor.say(Forget("two"))
    assert not server.store.has(blob_id(RESULT))


def test_many_are_deleted_in_portions(tmp_path: Path) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    for number in range(60):
        make(server, editor, number)
    server.now += 365 * DAY
    assert server.book.sweep()
    assert 0 < server.book.keeping.kept().jobs < 60
    sweep(server)
    assert server.book.keeping.kept().jobs == 0
    assert server.store.all_bytes() == len(IMAGE_BYTES) + len(MASK_BYTES)


def test_what_is_kept_is_counted_the_same_after_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    for number in range(4):
        make(server, editor, number, is_acknowledged=number % 2 == 0)
    editor.say(Forget("job3"))
    editor.submit("waiting", variant(9))
    before = server.book.keeping.kept()
    assert (before.jobs, before.bytes) == (3, sum(p.stat().st_size for p in blobs(tmp_path)))
    server.kill()
    server = Server(tmp_path)
    after = server.book.keeping.kept()
    assert (after.jobs, after.bytes) == (before.jobs, before.bytes)
    assert server.journal.kept_bytes == 3 * len(result(0))


def blobs(folder: Path) -> list[Path]:
    return list((folder / "blobs").iterdir())


# A full disk


def test_on_a_full_disk_the_cache_goes_then_results_that_a_client_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path)
    server.store.when_full(server.book.keeping.make_room)
    editor = Editor(server)
    make(server, editor, 1)
    make(server, editor, 2, is_acknowledged=True)
    make(server, editor, 3, is_acknowledged=True)
    cached = bytes(50)
    server.store.put(blob_id(cached), cached)
    disk = FullDisk(tmp_path / "blobs", monkeypatch)
    make(server, editor, 4)
    assert not server.store.has(blob_id(cached))
    assert has(server, 1, 2, 3, 4) == [True] * 4
    disk.leave(0)
    make(server, editor, 5)
    assert has(server, 1, 2, 3, 4, 5) == [True, False, True, True, True]


def test_nothing_is_deleted_if_that_would_not_make_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path, budget=0)
    server.store.when_full(server.book.keeping.make_room)
    editor = Editor(server)
    make(server, editor, 1, is_acknowledged=True)
    FullDisk(tmp_path / "blobs", monkeypatch)
    large = bytes(1000)
    with pytest.raises(ServerError) as caught:
        server.store.put(blob_id(large), large)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert has(server, 1) == [True]
    assert not list((tmp_path / "blobs").glob("*.part"))


def test_a_job_is_accepted_on_a_full_disk_in_the_place_of_a_result_that_a_client_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    make(server, editor, 1)
    make(server, editor, 2, is_acknowledged=True)
    accept = server.journal.accept

    def full_once(*arguments: object) -> None:
        monkeypatch.setattr(server.journal, "accept", accept)
        raise FULL

    monkeypatch.setattr(server.journal, "accept", full_once)
    editor.submit("new", variant(3))
    assert editor.heard("new") == ["accepted", "started"]
    assert has(server, 1, 2) == [True, False]


def test_a_job_fails_only_where_no_room_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path, budget=0)
    server.store.when_full(server.book.keeping.make_room)
    editor = Editor(server)
    make(server, editor, 1, is_acknowledged=True)
    FullDisk(tmp_path / "blobs", monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(server.journal, "forget", raise_full)
        with pytest.raises(ServerError):
            server.store.put(blob_id(result(2)), result(2))
    assert server.book.knows("job1")


def test_a_full_disk_while_old_results_are_deleted_harms_no_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path, keep=Keep(bytes=0))
    editor = Editor(server)
    make(server, editor, 1)
    editor.say(Acknowledge("job1"))
    with monkeypatch.context() as patch:
        patch.setattr(server.journal, "forget", raise_full)
        make(server, editor, 2)
    assert editor.heard("job2")[-1] == "finished"
    assert has(server, 2) == [True]
    sweep(server)
    assert has(server, 1, 2) == [False, True]


def test_a_full_disk_while_forgetting_is_said_and_it_can_be_tried_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = Editor(server)
    editor.submit("one")
    server.done("one")
    with monkeypatch.context() as patch:
        patch.setattr(server.journal, "forget", raise_full)
        editor.say(Forget("one"))
        refused = editor.received[-1]
        assert isinstance(refused, Refused)
        assert refused.code is ErrorCode.DISK_FULL
    editor.say(Forget("one"))
    assert not server.book.knows("one")
    assert server.store.unheld_bytes() == len(IMAGE_BYTES) + len(MASK_BYTES)


def test_a_full_disk_as_a_forgotten_job_ends_leaves_it_to_grow_old(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = Editor(server)
    editor.submit("one")
    editor.say(Forget("one"))
    with monkeypatch.context() as patch:
        patch.setattr(server.journal, "forget", raise_full)
        server.done("one")
    assert editor.heard("one")[-1] == "finished"
    server.now += 31 * DAY
    sweep(server)
    assert not server.book.knows("one")


def test_an_end_that_could_not_be_written_down_is_told_and_written_down_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    editor.submit("one")
    with monkeypatch.context() as patch:
        patch.setattr(server.journal, "finish", raise_full)
        server.done("one")
        late = Editor(server)
        late.say(Attach("one", 0))
        assert late.heard("one") == editor.heard("one") == ["accepted", "started", "failed"]
        with pytest.raises(ServerError):
            server.book.sweep()
    sweep(server)
    assert server.journal.pictures("one").sources == ()
    server.kill()
    server = Server(tmp_path)
    assert server.worker.given == []
    again = Editor(server)
    again.say(Attach("one", 0))
    failed = again.events("one")[-1]
    assert isinstance(failed, Failed)
    assert failed.code is ErrorCode.DISK_FULL


def test_an_unwritten_end_of_a_job_that_is_forgotten_is_not_written(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = Editor(server)
    editor.submit("one")
    with monkeypatch.context() as patch:
        patch.setattr(server.journal, "finish", raise_full)
        server.done("one")
    editor.say(Forget("one"))
    sweep(server)
    assert not server.book.knows("one")


class FullDisk:
    """Lets a folder have no more bytes than it has."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._most = self._used()
        write = Path.write_bytes

        def limited(path: Path, data: bytes) -> int:
            if path.parent == folder and self._used() + len(data) > self._most:
                raise OSError(28, "No space left on device")
            return write(path, data)

        monkeypatch.setattr(Path, "write_bytes", limited)
        monkeypatch.setattr(
            "scumble_server.jobs.journal.shutil.disk_usage",
            lambda _: type("Usage", (), {"free": self._most - self._used()}),
        )

    def leave(self, free: int) -> None:
        """Let there be so many bytes of room from here on."""
        self._most = self._used() + free

    def _used(self) -> int:
        return sum(path.stat().st_size for path in self._folder.iterdir())
