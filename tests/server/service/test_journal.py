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

import pytest

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.messages import Accepted, Cancelled, Finished, ResultLayer, Started
from scumble_server.jobs.journal import Journal, Sender
from scumble_server.jobs.journal_clock import DAY
from scumble_server.jobs.schema import SCHEMA
from tests.protocol.samples import IMAGE, MASK, REGENERATE, UPSCALE

ANN = Sender("local", "ann", "Krita")
FINISHED = Finished("one", 3, REGENERATE, (ResultLayer(REGENERATE.context, IMAGE, MASK, 42),), ())


def open_journal(folder: Path) -> Journal:
    return Journal(folder / "journal.sqlite")


def accept(journal: Journal, job: str = "one") -> None:
    journal.accept(Accepted(job, 1, 0), ANN, REGENERATE)


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


def test_a_file_that_is_no_journal_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_text("this is no database, however long it may be" * 50)
    with pytest.raises(ServerError, match="can't be opened") as caught:
        open_journal(tmp_path)
    assert caught.value.code is ErrorCode.INTERNAL


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
