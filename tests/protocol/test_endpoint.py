from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from scumble_protocol import endpoint
from scumble_protocol.endpoint import FILE_NAME, Endpoint, state_folder

HERE = Endpoint("127.0.0.1", 7861, "open sesame", os.getpid(), "0.1.0")


@pytest.fixture(autouse=True)
def outside_of_any_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLATPAK_ID", raising=False)


def dead_pid() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def write_raw(folder: Path, text: str) -> None:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")


def test_what_was_written_can_be_read(tmp_path: Path) -> None:
    endpoint.write(tmp_path / "new" / "folder", HERE)
    assert endpoint.read(tmp_path / "new" / "folder") == HERE


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_can_read_the_token(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    old = os.umask(0)
    try:
        endpoint.write(folder, HERE)
    finally:
        os.umask(old)
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_writing_again_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    endpoint.write(tmp_path, Endpoint("127.0.0.1", 1, "old", os.getpid(), "0.0.1"))
    endpoint.write(tmp_path, HERE)
    assert endpoint.read(tmp_path) == HERE
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_write_that_fails_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.write(tmp_path, HERE)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(json, "dump", full)
    with pytest.raises(OSError, match="No space"):
        endpoint.write(tmp_path, Endpoint("127.0.0.1", 1, "new", os.getpid(), "0.2"))
    assert endpoint.read(tmp_path) == HERE
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_without_a_file_there_is_no_server(tmp_path: Path) -> None:
    assert endpoint.read(tmp_path) is None
    assert endpoint.read(tmp_path / "absent") is None


def test_the_file_of_a_dead_server_does_not_count(tmp_path: Path) -> None:
    endpoint.write(tmp_path, Endpoint("127.0.0.1", 7861, "token", dead_pid(), "0.1.0"))
    assert endpoint.read(tmp_path) is None


def test_a_process_of_another_user_is_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_yours(pid: int, signal: int) -> None:
        assert (pid, signal) == (HERE.pid, 0)
        raise PermissionError

    endpoint.write(tmp_path, HERE)
    monkeypatch.setattr(os, "kill", not_yours)
    assert endpoint.read(tmp_path) == HERE


def test_inside_a_flatpak_process_ids_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Endpoint("127.0.0.1", 7861, "token", dead_pid(), "0.1.0")
    endpoint.write(tmp_path, elsewhere)
    monkeypatch.setenv("FLATPAK_ID", "org.kde.krita")
    assert endpoint.read(tmp_path) == elsewhere


GOOD: dict[str, Any] = {
    "host": "127.0.0.1",
    "port": 7861,
    "token": "t",
    "pid": os.getpid(),
    "version": "0.1.0",
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "[]",
        "{}",
        "\udcff",
        "[" * 100_000,
        *(
            json.dumps({**GOOD, **change})
            for change in (
                {"port": "7861"},
                {"port": 0},
                {"port": 65536},
                {"port": True},
                {"pid": 0},
                {"pid": -1},
                {"pid": 2**80},
                {"token": None},
                {"fingerprint": 1},
            )
        ),
    ],
    ids=lambda text: text[:30],
)
def test_garbage_is_no_endpoint(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8", errors="surrogateescape")
    assert endpoint.read(tmp_path) is None


def test_what_a_newer_server_adds_is_passed_over(tmp_path: Path) -> None:
    write_raw(tmp_path, json.dumps({**GOOD, "tls": True}))
    assert endpoint.read(tmp_path) == Endpoint(**GOOD)


def test_a_server_removes_its_own_file(tmp_path: Path) -> None:
    endpoint.write(tmp_path, HERE)
    endpoint.remove(tmp_path, HERE.pid)
    assert not (tmp_path / FILE_NAME).exists()
    endpoint.remove(tmp_path, HERE.pid)


def test_a_server_leaves_the_file_of_another(tmp_path: Path) -> None:
    endpoint.write(tmp_path, HERE)
    endpoint.remove(tmp_path, HERE.pid + 1)
    assert endpoint.read(tmp_path) == HERE


def test_a_server_leaves_what_is_no_endpoint(tmp_path: Path) -> None:
    write_raw(tmp_path, "{}")
    endpoint.remove(tmp_path, HERE.pid)
    assert (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "ws://127.0.0.1:7861"), ("::1", "ws://[::1]:7861")]
)
def test_an_endpoint_knows_its_address(host: str, url: str) -> None:
    assert Endpoint(host, 7861, "t", 1, "0.1").url == url


def test_a_server_with_a_certificate_is_reached_through_tls(tmp_path: Path) -> None:
    secured = dataclasses.replace(HERE, fingerprint="3d" * 32)
    endpoint.write(tmp_path, secured)
    assert endpoint.read(tmp_path) == secured
    assert secured.url.startswith("wss://")


def test_an_endpoint_in_a_log_keeps_its_token_to_itself() -> None:
    assert HERE.token not in repr(HERE)


# ── The state folder ─────────────────────────────────────────────────────────────────────────────


def test_the_state_folder_can_be_named(tmp_path: Path) -> None:
    assert state_folder({"SCUMBLE_STATE": str(tmp_path)}) == tmp_path
    assert state_folder({"SCUMBLE_STATE": "~/scumble"}) == Path.home() / "scumble"


@pytest.mark.parametrize("data", [None, "", "/somewhere/data"])
def test_the_state_folder_is_where_platformdirs_would_have_it(
    monkeypatch: pytest.MonkeyPatch, data: str | None
) -> None:
    monkeypatch.delenv("SCUMBLE_STATE", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if data is not None:
        monkeypatch.setenv("XDG_DATA_HOME", data)
    assert state_folder() == Path(platformdirs.user_data_dir("scumble", appauthor=False))


def test_the_state_folder_on_macos_is_where_platformdirs_would_have_it() -> None:
    from platformdirs.macos import MacOS

    expected = MacOS("scumble", appauthor=False).user_data_dir
    assert state_folder({}, "darwin") == Path(expected)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LOCALAPPDATA": "/local"}, Path("/local/scumble")),
        ({}, Path.home() / "AppData" / "Local" / "scumble"),
    ],
)
def test_the_state_folder_on_windows_is_local(environ: dict[str, str], expected: Path) -> None:
    assert state_folder(environ, "win32") == expected


def test_inside_a_flatpak_the_state_folder_is_that_of_the_host() -> None:
    inside = {"FLATPAK_ID": "org.kde.krita", "XDG_DATA_HOME": "/home/me/.var/app/x/data"}
    assert state_folder(inside, "linux") == Path.home() / ".local" / "share" / "scumble"
    named = {**inside, "HOST_XDG_DATA_HOME": "/home/me/data"}
    assert state_folder(named, "linux") == Path("/home/me/data/scumble")


# ── Windows ──────────────────────────────────────────────────────────────────────────────────────


class Kernel32:
    """Stands in for the library of Windows; `exit_codes` are those of the processes there are."""

    def __init__(self, exit_codes: dict[int, int | None]) -> None:
        self.exit_codes = exit_codes
        self.closed: list[int] = []

    def OpenProcess(self, access: int, inherit: bool, pid: int) -> int:  # noqa: N802
        assert (access, inherit) == (0x1000, False)
        return pid if pid in self.exit_codes else 0

    def GetExitCodeProcess(self, process: int, code: Any) -> bool:  # noqa: N802
        exit_code = self.exit_codes[process]
        if exit_code is None:
            return False
        ctypes.cast(code, ctypes.POINTER(ctypes.c_ulong))[0] = ctypes.c_ulong(exit_code)
        return True

    def CloseHandle(self, process: int) -> None:  # noqa: N802
        self.closed.append(process)


@pytest.mark.parametrize(
    ("exit_code", "alive"), [(259, True), (0, False), (1, False), (None, False)]
)
def test_a_process_on_windows_lives_until_it_has_an_exit_code(
    *, exit_code: int | None, alive: bool
) -> None:
    kernel32 = Kernel32({42: exit_code})
    assert endpoint.is_alive_on_windows(42, kernel32) is alive
    assert kernel32.closed == [42]


def test_a_process_on_windows_that_is_not_there_is_dead() -> None:
    assert not endpoint.is_alive_on_windows(42, Kernel32({}))


def test_on_windows_the_kernel_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def load(name: str) -> Kernel32:
        loaded.append(name)
        return Kernel32({HERE.pid: 259})

    endpoint.write(tmp_path, HERE)
    monkeypatch.setattr(ctypes, "WinDLL", load, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert endpoint.read(tmp_path) == HERE
    assert loaded == ["kernel32"]
