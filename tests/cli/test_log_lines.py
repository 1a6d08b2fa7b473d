"""The log is read whole and once, while the server writes it and puts files aside."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scumble_cli.log_lines import LogLine, LogReader, shown
from scumble_server import logs
from scumble_server.logs import about, about_job, keep_log
from scumble_server.state import StateFolder
from tests.cli.program import PATIENCE, environment, scumble

if TYPE_CHECKING:
    from pathlib import Path

LOG = logging.getLogger("scumble_server.test")


def events(reader: LogReader) -> list[str]:
    return [line.event for line in reader.lines()]


def test_no_line_is_lost_or_doubled_while_files_are_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LOG_BYTES", 1500)
    reader, read = LogReader(tmp_path), []
    assert events(reader) == []
    with keep_log(StateFolder(tmp_path).log, "info"):
        for number in range(200):
            LOG.info("line %d", number)
            if number % 13 == 0:
                read += events(reader)
    read += events(reader)
    assert read == [f"line {number}" for number in range(200)]
    assert (tmp_path / "server.log.2").exists()


def test_a_reader_that_comes_too_late_gets_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LOG_BYTES", 500)
    reader = LogReader(tmp_path)
    with keep_log(StateFolder(tmp_path).log, "info"):
        LOG.info("line 0")
        assert events(reader) == ["line 0"]
        for number in range(1, 100):
            LOG.info("line %d", number)
    left = events(reader)
    assert left == [f"line {number}" for number in range(100 - len(left), 100)]
    assert events(reader) == []


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    reader = LogReader(tmp_path)
    with (tmp_path / "server.log").open("w") as file:
        file.write('{"event": "one"}\n{"event": "t')
        file.flush()
        assert events(reader) == ["one"]
        file.write('wo"}\n')
        file.flush()
        assert events(reader) == ["two"]
        file.truncate(0)
        file.seek(0)
        file.write('{"event": "anew"}\n')
        file.flush()
        assert events(reader) == ["anew"]


def test_lines_are_shown_with_what_they_are_about_and_their_traceback(tmp_path: Path) -> None:
    with keep_log(tmp_path / "server.log", "info"), about(client="krita"), about_job("0123456789"):
        LOG.error("It broke.", exc_info=ValueError("a reason"))
    (line,) = LogReader(tmp_path).lines()
    first, *trace = shown(line).splitlines()
    assert "error    It broke.  [01234567]  client=krita" in first
    assert trace == ["      ValueError: a reason"]


@pytest.mark.parametrize(
    "text", ["2026-01-01 INFO old: words", "[1, 2]", '{"time": 7}', "{" * 9999]
)
def test_lines_of_other_makers_are_shown_too(text: str) -> None:
    assert shown(LogLine.of(text))


def test_a_client_can_not_play_with_the_terminal() -> None:
    line = LogLine.of('{"event": "\\u001b[2Jhi\\r\\n\\u009b", "client": "\\u001b]0;x\\u0007"}')
    assert shown(line).isprintable()
    assert LogLine.of("\x1b[2J").text == "\x1b[2J"
    assert shown(LogLine.of("\x1b[2J")).isprintable()


def test_lines_of_a_job_and_of_a_level_are_printed(tmp_path: Path) -> None:
    with keep_log(tmp_path / "server.log", "info"):
        LOG.info("of none")
        with about_job("abcdef"):
            LOG.info("of the job")
            LOG.error("a fault of the job")
    of_job = scumble("logs", "--job", "abc", state=tmp_path).stdout
    assert "of the job" in of_job
    assert "of none" not in of_job
    faults = scumble("logs", "--level", "warning", state=tmp_path).stdout
    assert faults.count("\n") == 1
    assert "a fault" in faults
    assert scumble("logs", "--lines", "1", state=tmp_path).stdout == faults
    wrong = scumble("logs", "--level", "loud", state=tmp_path)
    assert wrong.returncode == 2
    assert "'loud'" in wrong.stderr


def test_following_goes_on_over_files_put_aside_until_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LOG_BYTES", 4000)
    with keep_log(tmp_path / "server.log", "info"):
        LOG.info("before")
        following = subprocess.Popen(
            [sys.executable, "-m", "scumble_cli", "logs", "--follow"],
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert following.stdout is not None
            assert "before" in following.stdout.readline()
            for number in range(100):  # four files' worth
                LOG.info("line %d.", number)
                if number % 10 == 9:
                    for before in range(number - 9, number + 1):
                        assert f"line {before}." in following.stdout.readline()
            assert (tmp_path / "server.log.2").exists()
            following.send_signal(signal.SIGINT)
            assert following.wait(PATIENCE) == 0
        finally:
            if following.poll() is None:
                following.kill()
            following.communicate()
