from __future__ import annotations

import functools
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scumble_protocol import codec
from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.job_list import JobStage
from scumble_protocol.messages import (
    Accepted,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    ResultLayer,
    Started,
    Submit,
)
from scumble_server.jobs.journal import Journal, Sender
from scumble_server.jobs.journal_clock import DAY
from scumble_server.jobs.schema import SCHEMA
from tests.protocol.samples import IMAGE, MASK, REGENERATE, UPSCALE
from tests.server.service.journals import closed, overwrite

ANN = Sender("local", "ann", "Krita")
FINISHED = Finished("one", 3, REGENERATE, (ResultLayer(REGENERATE.context, IMAGE, MASK, 42),), ())


def open_journal(folder: Path) -> Journal:
    return Journal(folder / "journal.sqlite")


def accept(journal: Journal, job: str = "one") -> None:
    journal.accept(Accepted(job, 1, 0), ANN, REGENERATE)


def open_with_database(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Journal, sqlite3.Connection]:
    """A journal, and what it talks to: nobody else can have the file open."""
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remember(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connections.append(connect(*arguments, **options))
        return connections[-1]

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", remember)
        return open_journal(folder), connections[0]


def reopened(journal: Journal, folder: Path) -> Journal:
    journal.close()
    return open_journal(folder)


def test_an_accepted_job_is_there_after_a_restart(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    accept(journal)
    journal.note(Started("one", 2))
    journal = reopened(journal, tmp_path)
    (record,) = journal.unfinished()
    assert (record.job, record.sender, record.request) == ("one", ANN, REGENERATE)
    assert record.last_number == 2
    assert journal.events("one", 0) == (Accepted("one", 1, 0), Started("one", 2))
    assert journal.events("one", 1) == (Started("one", 2),)
    assert journal.all_pictures() == (IMAGE.blob, MASK.blob)


def test_unfinished_jobs_come_in_the_order_in_which_they_were_accepted(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    for job in ("z", "a", "m"):
        accept(journal, job)
    journal.finish(Cancelled("a", 2))
    assert [record.job for record in reopened(journal, tmp_path).unfinished()] == ["z", "m"]


def test_a_finished_job_holds_its_result_and_no_longer_its_sources(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    accept(journal)
    assert journal.pictures("one").sources == (IMAGE.blob, MASK.blob)
    journal.finish(FINISHED)
    assert journal.unfinished() == ()
    assert journal.pictures("one").sources == ()
    assert journal.pictures("one").results == (IMAGE.blob, MASK.blob)
    assert journal.events("one", 1) == (FINISHED,)
    assert journal.request("one") == REGENERATE


def test_a_forgotten_job_leaves_nothing(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    accept(journal)
    journal.forget("one")
    assert journal.request("one") is None
    assert journal.events("one", 0) == ()
    assert journal.all_pictures() == ()
    journal.forget("one")


def test_only_ended_jobs_grow_old_and_the_oldest_come_first(tmp_path: Path) -> None:
    now = 0.0
    journal = Journal(tmp_path / "journal.sqlite", lambda: now, lambda: now)
    for job in ("waiting", "one", "two", "seen"):
        accept(journal, job)
    journal.finish(replace(FINISHED, job="two"))
    now = DAY
    journal.finish(FINISHED)
    journal.finish(replace(FINISHED, job="seen"))
    journal.acknowledge("seen")
    now = 2 * DAY
    ended = functools.partial(journal.ended, is_acknowledged=False, most=10)
    assert [job for job, _ in ended(days=0)] == ["two", "one"]
    assert [job for job, _ in ended(days=1.5)] == ["two"]
    assert ended(days=2.5) == ()
    assert [job for job, _ in ended(days=0, most=1)] == ["two"]
    size = IMAGE.length + MASK.length
    assert journal.ended(is_acknowledged=True, days=0, most=10) == (("seen", size),)


def test_a_second_server_can_not_have_the_same_journal(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    with pytest.raises(ServerError, match="Another Scumble server") as caught:
        open_journal(tmp_path)
    assert caught.value.code is ErrorCode.PORT_IN_USE
    journal.close()
    open_journal(tmp_path).close()


def test_a_journal_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    open_journal(tmp_path).close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        database.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    database.close()
    with pytest.raises(ServerError, match="newer Scumble"):
        open_journal(tmp_path)


def test_a_folder_in_the_way_is_a_clear_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").mkdir()
    with pytest.raises(ServerError, match="can't be opened") as caught:
        open_journal(tmp_path)
    assert caught.value.code is ErrorCode.INTERNAL
    assert [path.name for path in tmp_path.iterdir()] == ["journal.sqlite"]


def test_a_journal_that_became_read_only_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, database = open_with_database(tmp_path, monkeypatch)
    accept(journal)
    database.execute("PRAGMA query_only = 1")
    with pytest.raises(ServerError, match="can't be written to") as caught:
        accept(journal, "two")
    assert caught.value.code is ErrorCode.INTERNAL
    assert "permissions" in caught.value.hint
    assert [record.job for record in journal.unfinished()] == ["one"]


def test_damage_that_comes_up_later_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = closed(tmp_path, 60)
    journal, database = open_with_database(tmp_path, monkeypatch)
    root_of = "SELECT rootpage FROM sqlite_master WHERE name = 'events'"
    (root,) = database.execute(root_of).fetchone()
    database.execute("PRAGMA cache_size = 1")
    overwrite(path, (root - 1) * 4096, 4096, seed=1)
    with pytest.raises(ServerError, match="can't be read") as caught:
        journal.events("finished0", 0)
    assert "Start the server anew" in caught.value.hint
    with pytest.raises(ServerError, match="can't be read"):
        journal.finish(Cancelled("waiting5", 2))


# Attempts and acknowledging


def test_how_often_a_job_was_begun_is_counted_and_parking_takes_it_back(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    accept(journal)

    def told() -> tuple[int, bool]:
        (record,) = journal.unfinished()
        return record.attempts, record.is_running

    assert told() == (0, False)
    journal.note(Started("one", 2))
    assert told() == (1, True)
    journal.note(Accepted("one", 3, 0))
    assert told() == (1, False)
    journal.note(Started("one", 4))
    assert told() == (2, True)
    journal.park("one")
    assert told() == (1, False)
    journal.park("one")
    assert told() == (1, False)


def test_nothing_that_clients_ask_goes_through_all_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, jobs = closed(tmp_path, 12)
    journal, database = open_with_database(tmp_path, monkeypatch)
    asked: list[str] = []
    database.set_trace_callback(asked.append)
    accept(journal, "new")
    journal.note(Started("new", 2))
    journal.park("new")
    journal.finish(replace(FINISHED, job="new"))
    journal.acknowledge("new")
    journal.tick()
    journal.knows(jobs[0])
    journal.request(jobs[0])
    journal.events(jobs[0], 1)
    journal.pictures(jobs[0])
    journal.has_picture("local", IMAGE.blob)
    journal.summaries("local", 0, 10)
    journal.summaries("local", 5, 10)
    journal.unfinished()
    for is_acknowledged in (True, False):
        journal.ended(is_acknowledged=is_acknowledged, days=1, most=10)
    journal.forget("new")
    database.set_trace_callback(None)
    questions = [words for words in asked if words.split()[0] not in {"BEGIN", "COMMIT", "--"}]
    assert len(questions) > 15
    for question in questions:
        for *_, plan in database.execute(f"EXPLAIN QUERY PLAN {question}"):
            # The index of jobs that have not ended holds nothing else.
            assert not plan.startswith("SCAN") or "live_jobs" in plan, (question, plan)
            assert "TEMP B-TREE" not in plan, (question, plan)
    journal.close()


# An older journal

SCHEMA_1 = """
CREATE TABLE jobs (
    position INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
    submit BLOB NOT NULL, is_final INTEGER NOT NULL DEFAULT 0, touched REAL NOT NULL
);
CREATE TABLE events (
    job TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE, number INTEGER NOT NULL,
    frame BLOB NOT NULL, PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE TABLE pictures (
    job TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE, blob TEXT NOT NULL,
    is_result INTEGER NOT NULL
);
CREATE INDEX pictures_of_job ON pictures (job);
PRAGMA user_version = 1;
"""


def write_schema_1(path: Path) -> None:
    database = sqlite3.connect(path)
    database.executescript(SCHEMA_1)
    ends: dict[str, list[JobEvent]] = {
        "waiting": [],
        "running": [Started("running", 2)],
        "finished": [Started("finished", 2), replace(FINISHED, job="finished")],
        "failed": [Failed("failed", 2, ErrorCode.INTERNAL, "It broke.", "Mend it.")],
        "cancelled": [Cancelled("cancelled", 2)],
        "odd": [],
    }
    for job, events in ends.items():
        is_final = job not in {"waiting", "running"}
        submit = codec.encode(Submit(job, REGENERATE))
        database.execute(
            "INSERT INTO jobs (job, owner, submit, is_final, touched) VALUES (?, 'ann', ?, ?, 123)",
            (job, submit, is_final),
        )
        for event in (Accepted(job, 1, 0), *events):
            frame = codec.encode(event) if job != "odd" else b"\0"
            database.execute("INSERT INTO events VALUES (?, ?, ?)", (job, event.number, frame))
        if not is_final or job == "finished":
            for blob in (IMAGE.blob, MASK.blob):
                database.execute("INSERT INTO pictures VALUES (?, ?, ?)", (job, blob, is_final))
    database.commit()
    database.close()


def test_an_older_journals_jobs_are_the_machines_owners_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    write_schema_1(tmp_path / "journal.sqlite")
    for _ in range(2):  # and stay so
        journal = open_journal(tmp_path)
        listed = {job.job: job for job in journal.summaries("local", 0, 10).jobs}
        assert [job.place for job in listed.values()] == [6, 5, 4, 3, 2, 1]
        stages = ["waiting", "running", "finished", "failed", "cancelled"]
        assert [listed[stage].stage.value for stage in stages] == stages
        assert listed["odd"].stage is JobStage.FAILED
        assert listed["failed"].error == "It broke."
        done = listed["finished"]
        assert (done.accepted, done.ended, done.layers) == (123, 123, 1)
        assert done.bytes == IMAGE.length + MASK.length
        assert (done.work, done.prompt) == ("regenerate", REGENERATE.prompt)
        assert not any(job.is_acknowledged for job in listed.values())
        records = journal.unfinished()
        assert [(one.job, one.attempts, one.is_running) for one in records] == [
            ("waiting", 0, False),
            ("running", 1, True),
        ]
        assert journal.events("finished", 2) == (replace(FINISHED, job="finished"),)
        assert journal.pictures("finished").results == (IMAGE.blob, MASK.blob)
        assert len(journal.all_pictures()) == 6
        assert journal.ended(is_acknowledged=False, days=1, most=9) == (), "they age from now on"
        journal.close()


def test_a_full_disk_while_an_older_journal_is_brought_up_leaves_it_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_schema_1(tmp_path / "journal.sqlite")
    with monkeypatch.context() as patch:
        patch.setattr("scumble_server.jobs.schema.add_job", have_no_room)
        with pytest.raises(ServerError) as caught:
            open_journal(tmp_path)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert len(open_journal(tmp_path).summaries("local", 0, 10).jobs) == 6


def have_no_room(*_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_job_that_this_version_can_not_read_has_no_request(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    accept(journal)
    journal.close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        database.execute("UPDATE jobs SET submit = x'00'")
    database.close()
    (record,) = open_journal(tmp_path).unfinished()
    assert record.request is None


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a POSIX system")
def test_a_full_disk_refuses_a_job_and_loses_none(tmp_path: Path) -> None:
    program = """
import resource, signal, sys
from pathlib import Path
from scumble_protocol.errors import ServerError
from tests.server.service.test_journal import accept, open_journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = open_journal(Path(sys.argv[1]))
accept(journal, "before")
unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, unlimited[1]))
try:
    accept(journal, "during")
except ServerError as error:
    print(error.code.value)
resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
accept(journal, "after")
print(*(record.job for record in journal.unfinished()))
"""
    done = run_program(program, str(tmp_path))
    assert done.stdout.split() == ["disk_full", "before", "after"], done.stderr


def test_what_was_accepted_survives_kill_9_in_the_middle_of_writing(tmp_path: Path) -> None:
    program = """
import itertools, sys
from pathlib import Path
from tests.server.service.test_journal import accept, open_journal
journal = open_journal(Path(sys.argv[1]))
for number in itertools.count():
    accept(journal, f"job{number}")
    print(f"job{number}", flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(50)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read().split()
    kept = [record.job for record in open_journal(tmp_path).unfinished()]
    # The last one may have been written down without having been said.
    assert kept[: len(said)] == said
    assert len(kept) - len(said) in {0, 1}


def test_every_request_can_be_written_down(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.accept(Accepted("up", 1, 0), ANN, UPSCALE)
    assert journal.request("up") == UPSCALE


def run_program(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
