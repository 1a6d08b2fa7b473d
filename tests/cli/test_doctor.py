"""The doctor as a whole: what a running server tells it, and what keeps it from starting one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scumble_cli.checks.finding import Verdict
from scumble_cli.commands import doctor
from scumble_cli.terminal import PlainReporter
from scumble_protocol import endpoint
from scumble_protocol.messages import Status
from tests.cli.program import scumble
from tests.end_to_end.server_process import running_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.server_process import ServerProcess

ANOTHER = "import scumble_cli.version as v; v.version = lambda: '9.9'; {}"
MAIN = "from scumble_cli.__main__ import main"


def findings(text: str) -> dict[str, dict[str, str]]:
    """What the doctor found, by subject."""
    return {finding["subject"]: finding for finding in json.loads(text)}


def test_server_of_another_version_is_told(served: ServerProcess) -> None:
    ended = scumble("doctor", "--json", state=served.state, code=ANOTHER.format(MAIN))
    server = findings(ended.stdout)["Server"]
    assert server["verdict"] == "broken"
    assert ended.returncode == 1
    assert "this is version 9.9" in server["remedy"]


@pytest.mark.parametrize(
    ("status", "verdict", "facts"),
    [
        (Status(1, 0, 0, 0, (), trouble="The device hung."), Verdict.BROKEN, "The device hung."),
        (Status(1, 0, 0, 0, (), restarts=2), Verdict.DOUBTFUL, "restarted 2 times"),
    ],
)
def test_trouble_of_the_running_server_is_told(
    status: Status, verdict: Verdict, facts: str
) -> None:
    (finding,) = doctor._trouble(status)  # noqa: SLF001
    assert finding.verdict is verdict
    assert facts in finding.facts
    assert finding.remedy
    assert list(doctor._trouble(Status(1, 0, 0, 0, ()))) == []  # noqa: SLF001


def test_what_a_killed_server_left_is_told_once_and_is_in_nobodys_way(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        server.kill()
    first = findings(scumble("doctor", "--json", state=tmp_path).stdout)
    assert "leads to a server that is gone" in first["Endpoint"]["facts"]
    assert first["Server"]["verdict"] == "good"
    assert not (tmp_path / endpoint.FILE_NAME).exists()
    assert "Endpoint" not in findings(scumble("doctor", "--json", state=tmp_path).stdout)


def test_findings_for_people_say_what_to_do(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    ended = scumble("doctor", state=tmp_path)
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("!!  Folder"))
    assert "open to others" in lines[place]
    assert lines[place + 1].strip() == f"Close it: chmod 700 '{tmp_path}'"


def test_server_that_can_not_be_started_has_another_remedy_than_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "no folder"
    state.touch()
    monkeypatch.setenv("SCUMBLE_STATE", str(state))
    (server,) = doctor.check_server(state, PlainReporter())
    assert server.verdict is Verdict.BROKEN
    assert "The server has ended" in server.facts
    assert "scumble doctor" not in server.remedy
    assert "`scumble serve`" in server.remedy
