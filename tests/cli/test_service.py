"""The service is one that each system understands, and goes again without a trace."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from scumble_cli.arguments import parse
from scumble_cli.commands import service as command
from scumble_cli.services import launchd, systemd, task_scheduler
from scumble_cli.services.service import Service
from scumble_cli.services.this_machine import plan_service
from scumble_protocol import endpoint
from scumble_protocol.errors import RequestError
from tests.cli.program import PATIENCE, scumble, tree
from tests.timing import MS

ODD = "Ölkreide 100% $HOME %h 'q' \\n"
"""What a name of a folder may hold; double quotes come on top where a system allows them."""

STATE = Path("/home/me/a state")
NAMESPACE = {"t": task_scheduler.NAMESPACE}

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="runs programs of a Linux, for the plans of every system"
)


def made(*command_words: str, has_nvidia: bool = False) -> Service:
    return Service(command_words, STATE, "me", has_nvidia=has_nvidia)


def verify(unit: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What systemd itself says of a unit of the user."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    file = folder / systemd.UNIT
    file.write_text(unit, "utf-8")
    return subprocess.run(
        ["systemd-analyze", "--user", "verify", str(file)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("has_nvidia", [False, True])
@pytest.mark.parametrize("name", ["python", ODD.replace("'", "").replace("\\", ""), f'{ODD} "q"'])
def test_systemd_finds_nothing_wrong_with_the_unit(
    tmp_path: Path, name: str, has_nvidia: bool
) -> None:
    program = tmp_path / name / "python"
    program.parent.mkdir()
    shutil.copy("/bin/true", program)
    service = made(str(program), "-I", f"--state=/a {ODD}", has_nvidia=has_nvidia)
    ended = verify(systemd.unit(service), tmp_path)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "")


def test_systemd_reads_the_programs_path_as_it_is(tmp_path: Path) -> None:
    absent = f"{tmp_path}/Ölkreide 100% $HOME %h/python"
    ended = verify(systemd.unit(made(absent)), tmp_path)
    assert ended.returncode != 0
    assert absent in ended.stderr


def test_systemd_knows_every_key_of_the_unit(tmp_path: Path) -> None:
    unit = systemd.unit(made("/bin/true")).replace("UMask=", "Umusk=")
    assert "Umusk" in verify(unit, tmp_path).stderr


def test_words_keep_their_marks_in_the_unit() -> None:
    line = next(
        line
        for line in systemd.unit(made("/py", 'a "b" \\ 5% $X\n')).splitlines()
        if line.startswith("ExecStart=")
    )
    assert line == 'ExecStart=":/py" "a \\"b\\" \\\\ 5%% $X\\x0a"'
    assert 'ExecStart=":/usr/bin/env" "/it\'s/py"' in systemd.unit(made("/it's/py"))


def test_a_machine_with_an_nvidia_gpu_may_load_its_driver() -> None:
    assert "NoNewPrivileges" in systemd.unit(made("/py"))
    guarded = systemd.unit(made("/py", has_nvidia=True))
    for implying in ("NoNewPrivileges=", "RestrictSUIDSGID=", "LockPersonality=", "SystemCall"):
        assert implying not in guarded
    assert "UMask=0077" in guarded


def test_launchd_gets_the_words_as_they_are() -> None:
    words = ("/py", "serve", f'--state={ODD} "q" <&>')
    plan = launchd.plan(made(*words), Path("/Users/me"))
    agent = plistlib.loads(plan.content)
    assert plan.file == Path("/Users/me/Library/LaunchAgents/scumble.server.plist")
    assert agent["ProgramArguments"] == list(words)
    assert agent["Label"] == plan.file.stem
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert (agent["RunAtLoad"], agent["Umask"]) == (True, 0o077)


def test_the_task_scheduler_gets_words_that_windows_splits_again() -> None:
    program = r"C:\Users\Jörg Müller\Scumble & Co\python.exe"
    words = (program, "-I", "-m", "scumble_cli", r"--state=D:\my pictures\<1>", 'a "b"')
    text = task_scheduler.task(made(*words)).decode("utf-16")
    root = ET.fromstring(text.partition("?>")[2])  # noqa: S314 (made here)
    run = root.find("t:Actions/t:Exec", NAMESPACE)
    assert run is not None
    assert run.findtext("t:Command", "", NAMESPACE) == program.replace("python.exe", "pythonw.exe")
    assert run.findtext("t:Arguments", "", NAMESPACE) == subprocess.list2cmdline(words[1:])
    assert r'"--state=D:\my pictures\<1>" "a \"b\""' in run.findtext("t:Arguments", "", NAMESPACE)
    settings = root.find("t:Settings", NAMESPACE)
    assert settings is not None
    assert settings.findtext("t:ExecutionTimeLimit", "", NAMESPACE) == "PT0S"
    assert settings.findtext("t:RestartOnFailure/t:Count", "", NAMESPACE) == "5"
    assert root.findtext("t:Triggers/t:LogonTrigger/t:UserId", "", NAMESPACE) == "me"


@pytest.mark.parametrize("folder", [r"C:\%TEMP%\x", r"C:\$(Arg0)"])
def test_a_path_that_the_task_scheduler_would_change_is_refused(folder: str) -> None:
    with pytest.raises(RequestError, match="variable"):
        task_scheduler.task(made(rf"{folder}\python.exe"))
    assert task_scheduler.task(made(r"C:\100%\python.exe"))


def test_a_system_without_services_that_we_know_is_told() -> None:
    with pytest.raises(RequestError, match="plan9"):
        plan_service("plan9", STATE)


def test_what_is_said_of_the_server_is_said_to_the_service() -> None:
    said = parse(["service", "show", "--port", "7860", "--log-level=debug", "--state", "/s"])
    plan = plan_service("linux", said.state, tuple(command._options(said)))  # noqa: SLF001
    assert '"serve" "--state=/s" "--port=7860" "--log-level=debug"' in plan.content.decode()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a `systemctl` that takes down what it is told, and knows when a unit is active.

    What it does to a unit is systemd's; whether it understands ours, `verify` tells.
    """
    programs = tmp_path / "bin"
    programs.mkdir()
    control = programs / "systemctl"
    control.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/calls
case "$2" in
    restart) [ -e {tmp_path}/no-bus ] && {{ echo "Failed to connect to bus" >&2; exit 1; }}
             touch {tmp_path}/active ;;
    stop) rm -f {tmp_path}/active ;;
    is-active) [ -e {tmp_path}/active ] ;;
esac
"""
    )
    control.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("HOME", str(tmp_path))  # whose editors are not for tests to change
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    return tmp_path


def calls(home: Path) -> list[str]:
    """What `systemctl` was told to change since the last call."""
    file = home / "calls"
    words = [line.removeprefix("--user ") for line in file.read_text().splitlines()]
    file.unlink()
    return [line for line in words if not line.startswith("is-active")]


def service_files(home: Path) -> set[str]:
    return set(tree(home / "config"))


def test_installing_twice_is_harmless_and_uninstalling_leaves_nothing(home: Path) -> None:
    state = home / "state"
    first = scumble("service", "install", state=state)
    assert first.returncode == 0, first
    assert service_files(home) == {
        "systemd/user/scumble.service",
        "systemd/user/default.target.wants/scumble.service",
    }
    assert calls(home) == ["daemon-reload", "restart scumble.service"]
    unit = (home / "config/systemd/user/scumble.service").read_text()
    assert f'"--state={state}"' in unit
    assert sys.executable in unit

    again = scumble("service", "install", state=state)
    assert "set up already" in again.stdout
    assert calls(home) == []

    other = scumble("service", "install", "--port", "7860", state=state)
    assert other.returncode == 0, other
    assert "--port=7860" in (home / "config/systemd/user/scumble.service").read_text()
    assert calls(home)[-2:] == ["daemon-reload", "restart scumble.service"]

    assert "`scumble service uninstall`" in scumble("uninstall", state=state).stdout
    gone = scumble("service", "uninstall", state=state)
    assert gone.returncode == 0, gone
    assert list((home / "config").iterdir()) == []
    assert calls(home) == [
        "stop scumble.service", "daemon-reload", "reset-failed scumble.service",
    ]  # fmt: skip
    assert "no service" in scumble("service", "uninstall", state=state).stdout.lower()
    assert "service" not in scumble("uninstall", state=state).stdout


def test_what_the_service_starts_is_a_server_that_ends_when_it_is_told(tmp_path: Path) -> None:
    plan = plan_service("darwin", tmp_path / "state", ["--log-level=debug"])
    # As a service gets it: none of the shell's variables.
    server = subprocess.Popen(
        plistlib.loads(plan.content)["ProgramArguments"],
        env={"HOME": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while (found := endpoint.read(tmp_path / "state")) is None:
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(50 * MS)
        assert found.pid == server.pid
        server.terminate()
        assert server.wait(PATIENCE) == 0
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


def test_other_units_of_the_user_stay(home: Path) -> None:
    other = home / "config/systemd/user/default.target.wants/other.service"
    other.parent.mkdir(parents=True)
    other.write_text("[Unit]\n")
    scumble("service", "install", state=home / "state")
    scumble("service", "uninstall", state=home / "state")
    assert service_files(home) == {"systemd/user/default.target.wants/other.service"}


def test_without_a_session_the_service_is_set_up_for_the_next_login(home: Path) -> None:
    (home / "no-bus").touch()
    ended = scumble("service", "install", state=home / "state")
    assert ended.returncode == 1
    assert "Failed to connect to bus" in ended.stderr
    assert "log in next" in ended.stderr
    assert len(service_files(home)) == 2


def test_status_tells_whether_the_service_is_there_and_runs(home: Path) -> None:
    state = home / "state"
    none = scumble("service", "status", state=state)
    assert (none.returncode, "No service" in none.stdout) == (3, True)
    scumble("service", "install", state=state)
    assert "systemd has it" in scumble("service", "status", state=state).stdout
    (home / "active").unlink()
    resting = scumble("service", "status", state=state)
    assert "does not run it" in resting.stdout
    assert resting.returncode == 3


def test_a_folder_that_can_not_be_written_is_told(home: Path) -> None:
    (home / "config" / "systemd").write_text("a file in the way")
    ended = scumble("service", "install", state=home / "state")
    assert ended.returncode == 1
    assert "can't be changed" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_every_systems_service_can_be_shown_on_any(system: str, tmp_path: Path) -> None:
    shown = scumble("service", "show", "--system", system, state=tmp_path / "state")
    assert shown.returncode == 0, shown
    assert f"--state={tmp_path / 'state'}" in shown.stdout
    assert not (tmp_path / "state").exists()
