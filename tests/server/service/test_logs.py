"""The server's log: JSON lines about jobs, for its owner alone, without tokens, prompts, pixels."""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from scumble_protocol.requests import LoadModel
from scumble_server import logs
from scumble_server.logs import HIDDEN, about, about_job, keep_log, prompts_of
from tests.protocol.samples import REGENERATE, UPSCALE

if TYPE_CHECKING:
    from pathlib import Path

LOG = logging.getLogger("scumble_server.jobs.worker")


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _break(pixels: str) -> None:
    raise ValueError(len(pixels))


def test_a_line_says_when_how_bad_who_and_what(tmp_path: Path) -> None:
    with keep_log(tmp_path / "log", "info"):
        LOG.warning("%d words", 2)
    (line,) = lines_of(tmp_path / "log")
    assert list(line) == ["time", "level", "logger", "event"]
    assert (line["level"], line["event"]) == ("warning", "2 words")
    assert line["logger"] == "scumble_server.jobs.worker"
    when = datetime.fromisoformat(line["time"])
    assert when.utcoffset() == timedelta(0)
    assert abs(when - datetime.now(timezone.utc)) < timedelta(minutes=1)


def test_what_lines_are_about_is_bound_to_the_block_and_the_thread(tmp_path: Path) -> None:
    with keep_log(tmp_path / "log", "info"):
        with about(client="krita", user=""), about_job("j1"):
            other = threading.Thread(target=lambda: LOG.info("elsewhere"))
            other.start()
            other.join()
            LOG.info("within")
        LOG.info("after")
    told = {line.pop("event"): line for line in lines_of(tmp_path / "log")}
    assert told["within"]["job"] == "j1"
    assert told["within"]["client"] == "krita"
    assert "user" not in told["within"]
    assert "job" not in told["elsewhere"]
    assert "job" not in told["after"]


def test_a_traceback_is_a_field_without_the_variables_of_its_frames(tmp_path: Path) -> None:
    pixels = "only-in-a-variable"
    with keep_log(tmp_path / "log", "debug"):
        try:
            _break(pixels)
        except ValueError:
            LOG.exception("It broke.")
    (line,) = lines_of(tmp_path / "log")
    (error,) = line["exception"]
    assert (error["exc_type"], error["exc_value"]) == ("ValueError", "18")
    assert error["frames"][-1]["name"] == "_break"
    assert pixels not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("level", ["debug", "info"])
def test_no_line_has_a_token_at_any_level(tmp_path: Path, level: str) -> None:
    with keep_log(tmp_path / "log", level, secrets=["s3cret"]):
        LOG.error("It was %s.", "s3cret", exc_info=ValueError("s3cret"))
        with about(client="s3cret"):
            logging.getLogger("some.library").error({"token": "s3cret"})
    text = (tmp_path / "log").read_text()
    assert "s3cret" not in text
    assert text.count(HIDDEN) == 4


def test_prompts_of_a_job_are_in_its_lines_only_at_the_level_of_debug(tmp_path: Path) -> None:
    for level, is_shown in (("info", False), ("debug", True)):
        path = tmp_path / level
        with keep_log(path, level), about_job("j1", REGENERATE):
            error = KeyError(REGENERATE.prompt)
            LOG.error("No such thing: %s", REGENERATE.prompt, exc_info=error)
        assert (REGENERATE.prompt in path.read_text()) is is_shown
        (line,) = lines_of(path)
        assert "_private" not in line


def test_every_prompt_of_a_request_is_known_as_one() -> None:
    assert {REGENERATE.prompt, REGENERATE.negative} <= set(prompts_of(REGENERATE))
    for region in REGENERATE.regions:
        assert region.prompt in set(prompts_of(REGENERATE))
    assert UPSCALE.refinement is None or UPSCALE.refinement.prompt in set(prompts_of(UPSCALE))
    assert list(prompts_of(LoadModel("m"))) == []


def test_the_file_is_its_owners_alone_also_one_that_others_could_read(tmp_path: Path) -> None:
    (tmp_path / "old").touch(0o644)
    before = os.umask(0)
    try:
        for name in ("old", "new"):
            with keep_log(tmp_path / name, "info"):
                LOG.info("a word")
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_full_file_is_put_aside_while_another_program_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LOG_BYTES", 2000)
    path = tmp_path / "server.log"
    with keep_log(path, "info"):
        LOG.info("line 0")
        with path.open() as reader:
            for number in range(1, 40):
                LOG.info("line %d", number)
            assert "line 0" in reader.readline()
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files == ["server.log", "server.log.1", "server.log.2"]
    kept = [line["event"] for name in reversed(files) for line in lines_of(tmp_path / name)]
    assert kept == [f"line {number}" for number in range(40 - len(kept), 40)]
    assert len(kept) >= 20
    for name in files:
        assert (tmp_path / name).stat().st_size <= 2000
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_where_a_file_can_not_be_put_aside_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:  # as Windows does while another program reads the file
        raise PermissionError

    monkeypatch.setattr(logs, "LOG_BYTES", 500)
    monkeypatch.setattr(os, "rename", refused)
    with keep_log(tmp_path / "log", "info"):
        for number in range(20):
            LOG.info("line %d", number)
    assert [line["event"] for line in lines_of(tmp_path / "log")] == [
        f"line {n}" for n in range(20)
    ]


def test_a_log_that_can_not_be_written_is_told_once_and_without_what_it_would_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").mkdir()
    with keep_log(tmp_path / "log", "info"):
        LOG.info("private")
        LOG.info("private")
    said = capsys.readouterr().err
    assert said.count("The log can't be written") == 1
    assert "private" not in said


def test_what_websockets_sends_is_not_in_the_log(tmp_path: Path) -> None:
    with keep_log(tmp_path / "log", "debug"):
        LOG.debug("ours")
        for name in ("websockets.server", "scumble_server.websocket"):
            logging.getLogger(name).debug("> BINARY 82 a5")
            logging.getLogger(name).info("connection open")
    assert [line["event"] for line in lines_of(tmp_path / "log")] == [
        "ours", "connection open", "connection open",
    ]  # fmt: skip


def test_after_the_block_everything_is_as_before(tmp_path: Path) -> None:
    handlers, level = list(logging.getLogger().handlers), logging.getLogger("scumble_server").level
    with keep_log(tmp_path / "log", "debug"):
        assert logging.getLogger("scumble_server").level == logging.DEBUG
    assert logging.getLogger().handlers == handlers
    assert logging.getLogger("scumble_server").level == level
