"""The description of this very machine is what this very machine is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scumble_installer import look
from scumble_installer.plan import is_suitable

ROOT = Path(__file__).resolve().parents[2]


def test_environment_that_runs_the_tests_is_found() -> None:
    machine = look.describe_machine()
    assert machine.checkout == ROOT
    assert machine.python.path == sys.executable
    assert machine.python.version == sys.version_info[:2]


def test_cache_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCUMBLE_CACHE", str(tmp_path))
    assert look.cache_folder() == tmp_path


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [("linux", "XDG_CACHE_HOME", "scumble"), ("win32", "LOCALAPPDATA", "scumble/cache")],
)
def test_cache_folder_is_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, folder: str
) -> None:
    monkeypatch.delenv("SCUMBLE_CACHE", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert look.cache_folder() == tmp_path / folder


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
def test_name_on_the_path_without_a_python_behind_it_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, answer in {"python3.14": "exit 127", "python3.13": "echo 3 13 1"}.items():
        shim = tmp_path / name
        shim.write_text(f"#!/bin/sh\n{answer}\n", "utf-8")
        shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = look.find_pythons()
    assert found.version == (3, 13)
    assert is_suitable(found)


def test_program_that_is_no_python_is_none(tmp_path: Path) -> None:
    assert look.find_interpreter(str(tmp_path / "nothing")) is None
