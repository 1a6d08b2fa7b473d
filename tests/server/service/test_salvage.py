"""Journals that were damaged on disk: the server starts all the same, and little is lost."""

from __future__ import annotations

import logging
import os
import random
import sqlite3
from typing import TYPE_CHECKING

import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.job_list import JobSummary
from scumble_protocol.messages import Attach, Failed, Finished, Want
from scumble_server.jobs.journal import Journal
from tests.protocol.samples import IMAGE, MASK, REGENERATE
from tests.server.service.journals import (
    BEN,
    closed,
    finished,
    killed,
    overwrite,
    result_image,
)
from tests.server.service.rig import RESULT, Editor, Server, variant
from tests.server.service.test_journal import write_schema_1

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PAGE = 4096


def summaries(journal: Journal) -> dict[str, JobSummary]:
    listed = [*journal.summaries("local", 0, 1000).jobs, *journal.summaries(BEN.user, 0, 1000).jobs]
    return {summary.job: summary for summary in listed}


def told_of(summary: JobSummary) -> tuple[object, ...]:
    """What a list says of a job and must not change when it is saved."""
    return (
        summary.stage,
        summary.client,
        summary.work,
        summary.prompt,
        summary.accepted,
        summary.is_acknowledged,
        summary.layers,
        summary.bytes,
        summary.starts,
        summary.error,
    )


def set_aside(folder: Path) -> list[Path]:
    return sorted(folder.glob("journal-damaged-*.sqlite"))


def healthy(folder: Path, count: int) -> dict[str, tuple[object, ...]]:
    """What the journal of `closed` or `killed` says as long as it is whole."""
    folder.mkdir()
    path, _ = closed(folder, count)
    journal = Journal(path)
    said = {job: told_of(summary) for job, summary in summaries(journal).items()}
    journal.close()
    return said


def without_times(said: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [(*values[:4], *values[5:]) for values in said]


def assert_saved(path: Path, jobs: list[str]) -> None:
    """All of these jobs are there, with their events, users and pictures."""
    with_all = healthy(path.parent / "healthy", len(jobs))
    journal = Journal(path)
    saved = summaries(journal)
    assert sorted(saved) == sorted(jobs)
    assert without_times(told_of(saved[job]) for job in jobs) == without_times(
        with_all[job] for job in jobs
    )
    for number, job in enumerate(jobs):
        assert journal.user_of(job) == (BEN.user if number % 5 == 0 else "local")
        kinds = [event.type for event in journal.events(job, 0)]
        assert kinds[0] == "accepted"
        request = journal.request(job)
        assert request is not None
        pictures = journal.pictures(job)
        if job.startswith(("finished", "acknowledged")):
            assert journal.events(job, 2) == (finished(job, number),)
            assert pictures.results[0] == result_image(number).blob
        elif job.startswith(("waiting", "running")):
            assert pictures.sources == tuple(image.blob for image in request.blobs)
        else:
            assert pictures.results == pictures.sources == ()
    live = [record.job for record in journal.unfinished()]
    assert live == [job for job in jobs if job.startswith(("waiting", "running"))]
    journal.close()


# Damage that costs nothing


def test_a_garbage_header_costs_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, jobs = closed(tmp_path, 60)
    overwrite(path, 0, 100, seed=1)
    damaged = path.read_bytes()
    with caplog.at_level(logging.WARNING):
        Journal(path).close()
    assert "The journal was damaged. 60 job(s) of it were saved." in caplog.text
    (aside,) = set_aside(tmp_path)
    assert aside.read_bytes() == damaged, "what it was stays as it was"
    assert str(aside) in caplog.text
    assert_saved(path, jobs)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_neither_the_damaged_journal_nor_the_new_one_is_for_others_to_read(tmp_path: Path) -> None:
    path, _ = closed(tmp_path, 20)
    path.chmod(0o600)
    overwrite(path, 0, 100, seed=1)
    Journal(path).close()
    (aside,) = set_aside(tmp_path)
    assert [file.stat().st_mode & 0o777 for file in (path, aside)] == [0o600, 0o600]


def test_a_garbage_first_page_costs_nothing(tmp_path: Path) -> None:
    path, jobs = closed(tmp_path, 60)
    overwrite(path, 0, PAGE, seed=1)
    Journal(path).close()
    assert_saved(path, jobs)


def test_a_damaged_index_costs_nothing(tmp_path: Path) -> None:
    path, jobs = closed(tmp_path, 60)
    with sqlite3.connect(path) as database:
        (root,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'jobs_of_user'"
        ).fetchone()
    database.close()
    overwrite(path, (root - 1) * PAGE, PAGE, seed=2)
    Journal(path).close()
    assert len(set_aside(tmp_path)) == 1
    assert_saved(path, jobs)


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_log_without_its_database_is_read_all_the_same(tmp_path: Path, is_gone: bool) -> None:
    path, jobs = killed(tmp_path, 12)
    path.unlink()
    if not is_gone:
        path.touch()
    Journal(path).close()
    assert_saved(path, jobs)


def test_a_journal_that_was_saved_is_healthy_and_no_second_one_is_set_aside(tmp_path: Path) -> None:
    path, _ = closed(tmp_path, 60)
    overwrite(path, 0, PAGE, seed=1)
    for _ in range(3):
        Journal(path).close()
    assert len(set_aside(tmp_path)) == 1
    left = {entry.name for entry in tmp_path.iterdir()} - {set_aside(tmp_path)[0].name}
    assert left == {"journal.sqlite"}


# Damage that costs something


def test_a_truncated_journal_keeps_what_is_before_the_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, jobs = closed(tmp_path, 120)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with caplog.at_level(logging.WARNING):
        journal = Journal(path)
    saved = summaries(journal)
    assert "the rest could not be read" in caplog.text
    assert 20 <= len(saved) < len(jobs)
    assert set(saved) <= set(jobs)
    journal.close()


def test_a_page_above_others_costs_nothing(tmp_path: Path) -> None:
    path, jobs = closed(tmp_path, 60)
    root = path.read_bytes()[PAGE : PAGE + 1]
    assert root == b"\x05", "this page of `jobs` has others below it"
    overwrite(path, PAGE, PAGE, seed=3)
    Journal(path).close()
    assert_saved(path, jobs)


def test_what_was_forgotten_is_not_found_again(tmp_path: Path) -> None:
    path, jobs = closed(tmp_path, 120)
    journal = Journal(path)
    forgotten = jobs[20:100]
    for job in forgotten:
        journal.forget(job)
    journal.close()
    assert b"finished30" not in path.read_bytes()
    overwrite(path, PAGE, PAGE, seed=3)
    journal = Journal(path)
    assert not set(summaries(journal)) & set(forgotten)
    assert set(summaries(journal)) >= {jobs[0], jobs[-1]}
    journal.close()


def test_without_the_table_of_jobs_their_results_are_saved_from_the_events(tmp_path: Path) -> None:
    path, jobs = closed(tmp_path, 60)
    data = path.read_bytes()
    for start in range(PAGE, len(data), PAGE):
        if data[start] == 0x0D:  # a page with rows of a table that is no index
            overwrite(path, start, PAGE, seed=start)
    journal = Journal(path)
    made = [job for job in jobs if job.startswith(("finished", "acknowledged"))]
    assert sorted(summaries(journal)) == sorted(made)
    assert {journal.user_of(job) for job in made} == {"local"}
    for job in made:
        number = jobs.index(job)
        assert journal.events(job, 2) == (finished(job, number),)
        assert journal.request(job) == finished(job, number).request
    journal.close()


@pytest.mark.parametrize("name", [b"position", b"attempts", b"user"])
def test_a_garbled_schema_costs_nothing(tmp_path: Path, name: bytes) -> None:
    path, jobs = closed(tmp_path, 60)
    data = path.read_bytes()
    path.write_bytes(data[:PAGE].replace(name, b"\xeb" * len(name)) + data[PAGE:])
    Journal(path).close()
    assert_saved(path, jobs)


def test_an_older_journal_whose_pages_are_damaged_is_read_page_by_page(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    write_schema_1(path)
    with sqlite3.connect(path) as database:
        rows = dict(database.execute("SELECT name, rootpage FROM sqlite_master"))
    database.close()
    overwrite(path, 0, PAGE, seed=1)
    overwrite(path, (rows["pictures"] - 1) * PAGE, PAGE, seed=1)
    journal = Journal(path)
    stages = {job: summary.stage.value for job, summary in summaries(journal).items()}
    assert {stage: stages[stage] for stage in ("waiting", "finished", "failed", "cancelled")} == {
        stage: stage for stage in ("waiting", "finished", "failed", "cancelled")
    }
    assert journal.pictures("finished").results == (IMAGE.blob, MASK.blob)
    journal.close()


def test_a_result_whose_account_is_lost_ends_as_failed(tmp_path: Path) -> None:
    path, _ = closed(tmp_path, 6)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE events SET frame = x'00' WHERE job = 'finished0' AND number = 3")
    database.close()
    overwrite(path, 0, 100, seed=1)
    journal = Journal(path)
    failed = journal.events("finished0", 2)[-1]
    assert isinstance(failed, Failed)
    assert "damaged" in failed.message
    assert failed.hint
    assert failed.number > 2**20
    assert summaries(journal)["finished0"].stage == "failed"
    journal.close()


def test_a_file_that_is_no_journal_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.sqlite"
    text = "this is no database, however long it may be" * 50
    path.write_text(text)
    with caplog.at_level(logging.WARNING):
        journal = Journal(path)
    assert summaries(journal) == {}
    assert [aside.read_text() for aside in set_aside(tmp_path)] == [text]
    assert "The journal was damaged. 0 job(s)" in caplog.text
    journal.close()


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_flipped_the_server_starts_and_invents_nothing(
    tmp_path: Path, seed: int
) -> None:
    path, jobs = (killed if seed % 2 else closed)(tmp_path, 40)
    chance = random.Random(seed)  # noqa: S311
    for _ in range(chance.randint(1, 6)):
        length = chance.choice([1, 8, 100, PAGE])
        overwrite(path, chance.randrange(path.stat().st_size), length, seed=chance.randrange(2**32))
    # Which job is whose is not to be found out with flipped bits either, so no id is new.
    server = Server(tmp_path)
    known = [job for job in jobs if server.book.knows(job)]
    listed = {job.job for job in server.book.summaries("local", 0, 1000).jobs}
    assert len(known) >= 1
    assert listed <= set(jobs)
    for job in known:
        assert server.book.watch(job, 0, lambda _event: None)
    server.kill()
    again = Server(tmp_path)
    assert [job for job in jobs if again.book.knows(job)] == known
    again.kill()


# In all


def test_a_result_and_a_waiting_job_survive_a_damaged_journal(tmp_path: Path) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    editor.submit("one")
    server.done("one")
    editor.submit("two", variant(7))
    server.kill()
    overwrite(tmp_path / "journal.sqlite", 0, 100, seed=1)
    (tmp_path / "journal.sqlite-wal").unlink(missing_ok=True)
    server = Server(tmp_path, budget=0)
    assert server.store.has(IMAGE.blob), "the waiting job needs it"
    assert server.worker.given == ["two"]
    again = Editor(server)
    again.say(Attach("one", 0))
    again.say(Want((blob_id(RESULT),)))
    last = again.events("one")[-1]
    assert isinstance(last, Finished)
    assert last.request == REGENERATE
    assert again.arrived == {blob_id(RESULT): RESULT}


def test_a_row_that_can_not_be_listed_hides_no_other(tmp_path: Path) -> None:
    path, jobs = closed(tmp_path, 12)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE jobs SET stage = 'melted' WHERE job = 'finished0'")
        database.execute("UPDATE jobs SET layers = -1 WHERE job = 'failed2'")
        database.execute("UPDATE jobs SET prompt = CAST(x'ff41' AS TEXT) WHERE job = 'running4'")
    database.close()
    journal = Journal(path)
    listed = summaries(journal)
    assert sorted(listed) == sorted(set(jobs) - {"finished0", "failed2"})
    assert listed["running4"].prompt == "\ufffdA"
    journal.close()


def test_a_page_size_of_ones_own_is_found_in_header_and_log(tmp_path: Path) -> None:
    path, jobs = closed(tmp_path, 30)
    with sqlite3.connect(path, isolation_level=None) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA page_size = 1024")
        database.execute("VACUUM")
    database.close()
    overwrite(path, 20, 80, seed=1)
    journal = Journal(path)
    assert len(set_aside(tmp_path)) == 1
    assert sorted(summaries(journal)) == sorted(jobs)
    journal.close()


def test_a_journal_that_is_in_use_is_never_taken_for_damaged(tmp_path: Path) -> None:
    path, _ = closed(tmp_path, 6)
    journal = Journal(path)
    with pytest.raises(ServerError) as caught:
        Journal(path)
    assert caught.value.code is ErrorCode.PORT_IN_USE
    assert set_aside(tmp_path) == []
    journal.close()


def test_where_nothing_can_be_written_the_damaged_journal_stays_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = closed(tmp_path, 6)
    overwrite(path, 0, 100, seed=1)
    damaged = path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("scumble_server.jobs.salvage.shutil.copyfile", refuse)
        with pytest.raises(ServerError) as caught:
            Journal(path)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert path.read_bytes() == damaged
    assert list(tmp_path.iterdir()) == [path], "or every attempt would leave less room"
    journal = Journal(path)
    assert len(summaries(journal)) == 6
    journal.close()
