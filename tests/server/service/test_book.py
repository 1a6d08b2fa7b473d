"""What a server that was killed, or that ended in order, means for the jobs that it was at."""

from __future__ import annotations

from pathlib import Path

import pytest

from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.job_list import JobStage
from scumble_protocol.messages import Attach, Cancel, Failed, Finished
from tests.protocol.samples import IMAGE, REGENERATE
from tests.server.service.rig import Editor, Server, variant


def starts(server: Server, job: str) -> int:
    (summary,) = (one for one in server.book.summaries("local", 0, 9).jobs if one.job == job)
    return summary.starts


def test_a_job_that_the_server_died_of_is_done_again_with_the_same_seed(tmp_path: Path) -> None:
    server = Server(tmp_path)
    Editor(server).submit("one", variant(1234))
    server.progress("one")
    server.kill()
    server = Server(tmp_path)
    assert server.worker.given == ["one"]
    assert server.book.request("one") == variant(1234)
    editor = Editor(server)
    editor.say(Attach("one", 0))
    server.done("one")
    finished = editor.events("one")[-1]
    assert isinstance(finished, Finished)
    assert finished.request == variant(1234)
    assert starts(server, "one") == 2


def test_a_job_that_the_server_died_of_twice_fails_and_the_next_one_is_done(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    editor.submit("one")
    editor.submit("two", variant(7))
    for _ in range(2):
        server.kill()
        server = Server(tmp_path)
    assert server.worker.given == ["two"]
    editor = Editor(server)
    editor.say(Attach("one", 0))
    failed = editor.events("one")[-1]
    assert isinstance(failed, Failed)
    assert failed.code is ErrorCode.CRASHED
    assert "2 times" in failed.message
    assert failed.hint
    assert starts(server, "two") == 1, "waiting behind it counts for nothing"
    assert IMAGE.blob not in server.journal.pictures("one").sources
    server.done("two")
    server.kill()
    server = Server(tmp_path)
    assert server.worker.given == []
    again = Editor(server, "one")
    again.say(Attach("one", 0))
    assert again.events("one")[-1] == failed


@pytest.mark.parametrize("turns", [1, 5])
def test_a_job_that_was_given_back_may_be_begun_as_often_as_servers_end(
    tmp_path: Path, turns: int
) -> None:
    server = Server(tmp_path)
    Editor(server).submit("one")
    for _ in range(turns):
        server.book.park("one")
        server.kill()
        server = Server(tmp_path)
        assert server.worker.given == ["one"]
        assert starts(server, "one") == 1
    server.done("one")
    assert server.book.summaries("local", 0, 1).jobs[0].stage is JobStage.FINISHED


def test_giving_back_what_has_ended_or_never_was_changes_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path)
    Editor(server).submit("one")
    server.done("one")
    server.book.park("one")
    server.book.park("never")
    assert starts(server, "one") == 1
    assert server.journal.unfinished() == ()


def test_a_full_disk_while_giving_back_is_no_reason_to_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path)
    Editor(server).submit("one")

    def refuse(_job: str) -> None:
        raise ServerError(ErrorCode.DISK_FULL, "The disk is full.", "Make room.")

    monkeypatch.setattr(server.journal, "park", refuse)
    server.book.park("one")
    server.kill()
    assert Server(tmp_path).worker.given == ["one"]


def test_how_a_job_failed_or_was_cancelled_is_told_after_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    error = RequestError(ErrorCode.UNKNOWN_MODEL, "There is no such model.", "Choose another.")
    editor.submit("one")
    server.broken("one", error)
    editor.submit("two", variant(2))
    editor.submit("three", variant(3))
    editor.say(Cancel("three"))
    editor.say(Cancel("two"))
    server.stopped("two")
    before = {job: editor.events(job) for job in ("one", "two", "three")}
    server.kill()
    again = Editor(Server(tmp_path), "one", "two", "three")
    for job, events in before.items():
        again.say(Attach(job, 0))
        assert again.events(job) == events


def test_a_job_is_its_users_and_so_are_its_pictures(tmp_path: Path) -> None:
    server = Server(tmp_path)
    blobs = [image.blob for image in REGENERATE.blobs]
    for job, user in (("one", "ann"), ("two", "ben")):
        server.store.hold(blobs)
        server.book.accept(job, "c1", user, REGENERATE, lambda _event: None, client="Krita")
    assert [server.book.user_of(job) for job in ("one", "two", "three")] == ["ann", "ben", None]
    assert server.book.has_picture("ann", IMAGE.blob)
    assert not server.book.has_picture("cat", IMAGE.blob)
    server.kill()
    server = Server(tmp_path)
    assert [server.book.user_of(job) for job in ("one", "two")] == ["ann", "ben"]
    (summary,) = server.book.summaries("ben", 0, 10).jobs
    assert (summary.job, summary.client, summary.place) == ("two", "Krita", 2)
    assert (summary.work, summary.prompt) == ("regenerate", REGENERATE.prompt)
    assert server.book.summaries("ben", 0, 10).total == 1
    assert server.book.summaries("cat", 0, 10).total == 0


def test_jobs_are_listed_by_the_page_the_newest_first(tmp_path: Path) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    for number in range(5):
        editor.submit(f"job{number}", variant(number))
    first = server.book.summaries("local", 0, 2)
    assert [job.job for job in first.jobs] == ["job4", "job3"]
    assert first.total == 5
    rest = server.book.summaries("local", first.jobs[-1].place, 1000)
    assert [job.job for job in rest.jobs] == ["job2", "job1", "job0"]
    stages = [job.stage for job in (*first.jobs, *rest.jobs)]
    assert stages == [*[JobStage.WAITING] * 4, JobStage.RUNNING]
