"""The editors learn from every server that starts how to start it again."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from scumble_cli.start_command import note_start_command
from scumble_protocol import endpoint
from scumble_protocol.program import read_program
from tests.timing import MS


def test_server_that_starts_notes_how(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "scumble_cli", "serve", "--port=0", "--device=cpu")
    with subprocess.Popen((*command, f"--state={tmp_path}"), stdout=subprocess.PIPE) as server:
        deadline = time.monotonic() + 120_000 * MS
        while read_program(tmp_path) is None and time.monotonic() < deadline:
            assert server.poll() is None
            time.sleep(0.05)
        found = endpoint.read(tmp_path)
        server.terminate()
    assert found is not None
    assert read_program(tmp_path) == (sys.executable, "-I", "-m", "scumble_cli", "serve")


def test_noted_command_works_from_any_folder_and_in_an_editors_environment(tmp_path: Path) -> None:
    note_start_command(tmp_path)
    command = read_program(tmp_path)
    assert command is not None
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong one')\n", "utf-8")
    answer = subprocess.run(
        (*command, "--help"),
        cwd=tmp_path,
        env={"PYTHONHOME": str(tmp_path), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("usage: scumble serve")


def test_folder_that_cannot_be_written_is_only_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    note_start_command(tmp_path / "file" / "state")
    assert "The editors can't be told" in capsys.readouterr().err
