"""A Krita that uses the folder is noticed; others are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scumble_installer.plugins.running import is_krita_running


def process(processes: Path, pid: str, name: str, *open_files: Path) -> None:
    folder = processes / pid
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text(f"{name}\n", "utf-8")
    for number, file in enumerate(open_files):
        (folder / "fd" / str(number)).symlink_to(file)


@pytest.fixture
def processes(tmp_path: Path) -> Path:
    folder = tmp_path / "proc"
    (folder / "self").mkdir(parents=True)
    (folder / "99").mkdir()  # ended between two looks
    return folder


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs links")


def test_krita_with_its_database_open_is_running(tmp_path: Path, processes: Path) -> None:
    process(processes, "7", "krita", Path("/dev/null"), tmp_path / "data" / "resourcecache.sqlite")
    assert is_krita_running(tmp_path / "data", "linux", processes)


def test_krita_of_another_folder_does_not_count(tmp_path: Path, processes: Path) -> None:
    process(processes, "7", "krita", tmp_path / "data2" / "resourcecache.sqlite")
    assert not is_krita_running(tmp_path / "data", "linux", processes)


def test_other_programs_in_the_folder_do_not_count(tmp_path: Path, processes: Path) -> None:
    process(processes, "7", "sqlitebrowser", tmp_path / "data" / "resourcecache.sqlite")
    assert not is_krita_running(tmp_path / "data", "linux", processes)


def test_folder_is_compared_behind_its_links(tmp_path: Path, processes: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    process(processes, "7", "krita", tmp_path / "data" / "resourcecache.sqlite")
    assert is_krita_running(tmp_path / "link", "linux", processes)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux")
def test_no_krita_runs_in_a_folder_of_this_test(tmp_path: Path) -> None:
    assert not is_krita_running(tmp_path, "linux")


@pytest.mark.parametrize(
    ("platform", "answer", "runs"),
    [
        ("win32", "krita.exe    4711 Console", True),
        ("win32", "INFO: No tasks are running which match the specified criteria.", False),
        ("darwin", "4711\n", True),
        ("darwin", "", False),
    ],
)
def test_elsewhere_the_system_is_asked(
    monkeypatch: pytest.MonkeyPatch, platform: str, answer: str, runs: bool
) -> None:
    def run(command: tuple[str, ...], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[0] in {"tasklist", "pgrep"}
        return subprocess.CompletedProcess(command, 0, answer)

    monkeypatch.setattr(subprocess, "run", run)
    assert is_krita_running(Path("data"), platform) is runs


@pytest.mark.parametrize("error", [FileNotFoundError(), subprocess.TimeoutExpired("pgrep", 10)])
def test_system_that_does_not_answer_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def run(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", run)
    assert not is_krita_running(Path("data"), "darwin")
