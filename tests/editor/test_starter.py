"""Starting the server of this machine."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from scumble_protocol.editor.starter import Starter
from scumble_protocol.errors import ServerError
from scumble_protocol.program import write_program
from tests.timing import MS

TELL = "import os; print(sorted(os.environ)); print(os.getcwd())"


def said(starter: Starter) -> str:
    """What the program said before it ended."""
    process = starter._process  # noqa: SLF001 (to wait for it)
    assert process is not None
    process.wait(20_000 * MS)
    return starter.log.read_text()


def test_the_editors_own_python_does_not_reach_the_server(tmp_path: Path) -> None:
    write_program(tmp_path, (sys.executable, "-c", TELL), "1")
    misleading = {"PYTHONHOME": "/nowhere", "LD_LIBRARY_PATH": "/nowhere", "QT_PLUGIN_PATH": "x"}
    starter = Starter(tmp_path, {"KEPT": "1", **misleading})
    starter.start()
    words = said(starter)
    assert "KEPT" in words
    assert not any(name in words for name in misleading)
    assert str(Path.home()) in words


def test_a_server_that_runs_is_not_started_twice(tmp_path: Path) -> None:
    starter = Starter(tmp_path, {})
    write_program(tmp_path, (sys.executable, "-c", "import time; time.sleep(60)"), "1")
    starter.start()
    process = starter._process  # noqa: SLF001 (to compare and to end it)
    assert process is not None
    starter.start()
    assert starter._process is process  # noqa: SLF001
    starter.check()
    process.terminate()
    process.wait()
    with pytest.raises(ServerError, match="it said nothing"):
        starter.check()
    starter.check()


def test_what_the_server_says_does_not_spoil_its_log_and_the_newer_file_is_shown(
    tmp_path: Path,
) -> None:
    log = tmp_path / "server.log"
    log.write_text("yesterday")
    os.utime(log, (1, 1))
    write_program(tmp_path, (sys.executable, "-c", "print('No memory.')"), "1")
    starter = Starter(tmp_path, {})
    assert starter.log == log
    starter.start()
    assert said(starter) == "No memory.\n"
    assert log.read_text() == "yesterday"
    assert stat.S_IMODE(starter.log.stat().st_mode) == 0o600
    log.write_text("today")
    os.utime(log, (2**32, 2**32))
    assert starter.log == log
    with pytest.raises(ServerError, match="No memory"):
        starter.check()


def test_a_program_that_is_no_program_is_told(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    write_program(tmp_path, (str(program),), "1")
    with pytest.raises(ServerError, match="could not be started"):
        Starter(tmp_path, {}).start()


def test_a_sandbox_starts_no_programs(tmp_path: Path) -> None:
    write_program(tmp_path, (sys.executable, "-c", "pass"), "1")
    assert Starter(tmp_path, {}).is_possible
    assert not Starter(tmp_path, {"FLATPAK_ID": "org.kde.krita"}).is_possible
    assert not Starter(tmp_path / "empty", {}).is_possible
