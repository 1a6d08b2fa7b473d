"""What a script is told when the server is missing, refuses us, or dies in the middle of a job."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scumble_protocol import endpoint
from tests.end_to_end.editors.processes import wait_for
from tests.end_to_end.gimp.desk import Desk
from tests.end_to_end.server_process import PATIENCE, ServerProcess, running_server
from tests.timing import MS

pytestmark = pytest.mark.editor

CALL = """
import time
began = time.monotonic()
image, base = picture(120, 90)
select(image, 20, 20, 50, 40)
answer = call("regenerate", image, [base], prompt="grass", **values)
result = {
    "answer": answer,
    "tree": tree(image.get_layers()),
    "seconds": time.monotonic() - began,
}
"""

EXECUTION_ERROR = 0


@pytest.fixture
def state(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder that this GIMP uses instead of its usual one."""
    folder = desk.gimp.work / f"state-{tmp_path.name}"
    monkeypatch.setenv("IN_ROOT_ENV", f"SCUMBLE_STATE={folder}")
    return folder


@pytest.fixture
def ended_later() -> Iterator[list[ServerProcess]]:
    """Servers that are ended after the test, whatever happens in it."""
    servers: list[ServerProcess] = []
    yield servers
    for server in servers:
        if server.process.poll() is None:
            server.terminate()


def test_without_a_server_a_script_gets_a_sentence_at_once(desk: Desk, state: Path) -> None:
    result = desk.run(CALL, values={})
    status, sentence = result["answer"]
    assert status == EXECUTION_ERROR
    assert sentence == (
        "No Scumble server is running on this machine. Start it with `scumble serve`."
    )
    assert result["tree"] == ["base"]
    assert result["seconds"] < 10_000 * MS
    assert not list(state.glob("jobs-gimp/*"))


def test_a_wrong_token_is_said_at_once(desk: Desk, state: Path) -> None:
    with running_server(state):
        file = state / endpoint.FILE_NAME
        values = json.loads(file.read_text("utf-8"))
        file.write_text(json.dumps({**values, "token": "x" * 43}), "utf-8")
        status, sentence = desk.run(CALL, values={})["answer"]
        assert status == EXECUTION_ERROR
        assert "token" in sentence


def test_a_server_that_is_killed_and_started_again_finishes_the_job(
    desk: Desk, state: Path, ended_later: list[ServerProcess]
) -> None:
    first = ServerProcess(state)
    ended_later.append(first)
    first.listening()
    jobs = state / "jobs-gimp"

    def restart() -> None:
        wait_for(lambda: list(jobs.glob("*.json")), PATIENCE, "job in the plug-in's memory")
        time.sleep(500 * MS)
        first.kill()
        ended_later.append(ServerProcess(state))

    troublemaker = threading.Thread(target=restart)
    troublemaker.start()
    result = desk.run(CALL, values={"steps": 60, "count": 2, "strength": 1.0})
    troublemaker.join()
    assert result["answer"] == [3, ""]
    assert result["tree"] == [["Scumble: grass", result["tree"][0][1]], "base"]
    assert not list(jobs.glob("*.json"))
    assert first.process.poll() is not None
