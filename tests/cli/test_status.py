"""How the server is, on one screen and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scumble_cli.connection import server_answers
from scumble_cli.version import version
from scumble_cli.words import how_long, how_many, how_much
from scumble_protocol.client import Address, Client, Connected
from tests.cli.program import PATIENCE, save_picture, scumble
from tests.end_to_end.server_process import TINY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.server_process import ServerProcess


def test_without_a_server_the_code_is_that_of_systemctl(tmp_path: Path) -> None:
    ended = scumble("status", state=tmp_path)
    assert ended.returncode == 3
    assert "scumble serve" in ended.stdout
    assert str(tmp_path) in ended.stdout
    ended = scumble("status", "--json", state=tmp_path)
    assert ended.returncode == 3
    assert json.loads(ended.stdout) == {"running": False, "state": str(tmp_path)}
    assert list(tmp_path.iterdir()) == []


def test_running_server_tells_all_about_itself(tmp_path: Path, served: ServerProcess) -> None:
    picture = save_picture(tmp_path / "picture.png")
    made = scumble(
        "regenerate", picture, "--select", "16,16,48,48", "--prompt", "a hat", "--model", TINY,
        "--steps", "2", "--out", tmp_path / "made.png", state=served.state,
    )  # fmt: skip
    assert made.returncode == 0, made
    ended = scumble("status", "--json", state=served.state)
    assert ended.returncode == 0, ended
    told = json.loads(ended.stdout)
    assert told["running"] is True
    assert told["version"] == version()
    assert told["device"]["id"]
    assert TINY in told["loaded"]
    assert told["memory_used"] > 0
    assert (told["waiting"], told["running_jobs"]) == (0, 0)
    assert told["connections"] == 1
    assert told["kept_jobs"] >= 1
    assert told["kept_bytes"] > 0
    assert told["keep_days"] > told["keep_unseen_days"] > 0
    assert told["disk_free"] > 0
    assert told["restarts"] == 0
    assert told["address"] == served.listening().url
    assert told["state"] == str(served.state)
    assert told["log"] == str(served.state / "server.log")

    screen = scumble("status", state=served.state).stdout
    for words in (version(), TINY, "0 running, 0 waiting", "free", "deleted after", "server.log"):
        assert words in screen
    assert "clients    1 (this command)" in screen.splitlines()
    assert len(screen.splitlines()) <= 24
    assert max(map(len, screen.splitlines())) <= 200


def test_a_command_that_asks_is_told_apart_from_other_clients(served: ServerProcess) -> None:
    here = served.listening()
    address = Address(here.url, here.token)
    client = Client(lambda: address, name="test", version=version())
    client.start()
    try:
        assert client.wait(PATIENCE)
        assert any(isinstance(event, Connected) for event in client.poll())
        screen = scumble("status", state=served.state).stdout
    finally:
        client.close()
    assert "clients    2 (one of them this command)" in screen.splitlines()


def test_server_elsewhere_is_asked_by_its_address(tmp_path: Path, served: ServerProcess) -> None:
    here = served.listening()
    ended = scumble("status", "--json", "--server", here.url, "--token", here.token, state=tmp_path)
    assert ended.returncode == 0, ended
    told = json.loads(ended.stdout)
    assert told["address"] == here.url
    assert told["state"] is None
    refused = scumble("status", "--server", here.url, "--token", "wrong", state=tmp_path)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr


def test_looking_whether_a_server_is_there_leaves_nothing_in_its_log(
    served: ServerProcess,
) -> None:
    served.listening()
    assert server_answers(served.state)
    assert scumble("status", state=served.state).returncode == 0
    assert "handshake" not in (served.state / "server.log").read_text()


def test_lines_of_a_job_are_all_of_its_life(tmp_path: Path, served: ServerProcess) -> None:
    picture = save_picture(tmp_path / "picture.png")
    scumble(
        "regenerate", picture, "--select", "16,16,48,48", "--prompt", "purple-elephant",
        "--model", TINY, "--steps", "2", "--out", tmp_path / "made.png", state=served.state,
    )  # fmt: skip
    log = (served.state / "server.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    accepted = [line for line in lines if line["event"] == "Accepted: regenerate"][-1]
    job = accepted["job"]
    assert accepted["client"] == "scumble"
    events = [line["event"] for line in lines if line.get("job") == job]
    assert events == ["Accepted: regenerate", "Begun", "Finished"]
    assert "purple-elephant" not in log
    assert served.listening().token not in log
    shown = scumble("logs", "--job", job, state=served.state).stdout
    assert len(shown.splitlines()) == len(events)
    for line, event in zip(shown.splitlines(), events, strict=True):
        assert f"  {event}  [{job[:8]}]" in line


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.9, "59 s"), (61, "1 min 1 s"), (3600, "1 h"), (90_061, "1 d 1 h")],
)
def test_spans_of_time_are_told_by_their_greatest_parts(seconds: float, words: str) -> None:
    assert how_long(seconds) == words


def test_amounts_are_told_in_the_unit_that_fits() -> None:
    assert [how_much(amount) for amount in (0, 1023, 1024, 1536 * 2**20, 2**50)] == [
        "0 bytes", "1023 bytes", "1.0 KiB", "1.5 GiB", "1024.0 TiB",
    ]  # fmt: skip
    assert [how_many(count, "job") for count in (0, 1, 2)] == ["0 jobs", "1 job", "2 jobs"]
