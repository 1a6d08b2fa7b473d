from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from scumble_protocol.program import FILE_NAME, read_program, write_program

COMMAND = (sys.executable, "-I", "-m", "scumble_cli", "serve")


def write_raw(folder: Path, values: object) -> None:
    (folder / FILE_NAME).write_text(json.dumps(values), encoding="utf-8")


def test_what_was_written_can_be_read(tmp_path: Path) -> None:
    write_program(tmp_path / "new", COMMAND, "0.1.0")
    assert read_program(tmp_path / "new") == COMMAND


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_can_change_what_the_editors_start(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_program(tmp_path, COMMAND, "0.1.0")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_version_stands_beside_the_command(tmp_path: Path) -> None:
    write_program(tmp_path, COMMAND, "0.1.0")
    values = json.loads((tmp_path / FILE_NAME).read_text("utf-8"))
    assert values == {"command": list(COMMAND), "version": "0.1.0"}


def test_server_that_was_used_last_counts(tmp_path: Path) -> None:
    write_program(tmp_path, ("/gone",), "0.0.1")
    write_program(tmp_path, COMMAND, "0.1.0")
    assert read_program(tmp_path) == COMMAND
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_without_a_file_no_program_is_known(tmp_path: Path) -> None:
    assert read_program(tmp_path / "absent") is None


@pytest.mark.parametrize(
    "values",
    [
        [],
        {},
        {"command": "python"},
        {"command": []},
        {"command": [sys.executable, 1]},
        {"command": [sys.executable, ""]},
        {"command": [sys.executable, "a\0b"]},
        {"command": ["\0"]},
    ],
    ids=str,
)
def test_garbage_is_no_program(tmp_path: Path, values: object) -> None:
    write_raw(tmp_path, values)
    assert read_program(tmp_path) is None


def test_program_that_has_vanished_is_not_offered(tmp_path: Path) -> None:
    write_program(tmp_path, (str(tmp_path / "python"), "-m", "scumble_cli"), "0.1.0")
    assert read_program(tmp_path) is None


def test_program_is_never_looked_for_on_the_path(tmp_path: Path) -> None:
    write_program(tmp_path, ("python3", "-m", "scumble_cli"), "0.1.0")
    assert read_program(tmp_path) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no execute bit")
def test_program_that_may_not_be_run_is_not_offered(tmp_path: Path) -> None:
    file = tmp_path / "python"
    file.write_text("", "utf-8")
    write_program(tmp_path, (str(file),), "0.1.0")
    assert read_program(tmp_path) is None
