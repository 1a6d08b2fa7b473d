"""A real systemd of a user's starts the service, starts it again when it dies, and ends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scumble_cli.services import systemd
from scumble_cli.services.service import Service
from scumble_protocol import endpoint
from tests.cli.program import PATIENCE, scumble
from tests.timing import MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANAGER = Path("/lib/systemd/systemd")

ODD = "Ölkreide 100% $HOME %h ${X} 'q' \"qq\" \\n"
"""What a path may hold on Linux, and systemd reads otherwise where it is not quoted for it."""

# systemd only begins where /run says that it runs the machine: in a view of the files of its own.
IN_ITS_OWN_VIEW = """
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec "$0" --user
"""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux"
    or os.geteuid() != 0
    or not MANAGER.exists()
    or shutil.which("unshare") is None,
    reason="needs root and systemd: apt-get install systemd",
)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home of a user whose systemd runs."""
    # Short, since the path of a socket may have 107 bytes.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "run").mkdir(0o700)
        monkeypatch.setenv("HOME", folder)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(path / "config"))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(path / "run"))
        manager = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", IN_ITS_OWN_VIEW, str(MANAGER)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until((path / "run/systemd/private").exists, seconds=10_000 * MS)
            yield path
        except TimeoutError:
            pytest.skip("systemd does not start in this container")
        finally:
            control("stop", systemd.UNIT)
            manager.send_signal(signal.SIGKILL)
            manager.wait()


def wait_until(is_so: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(50 * MS)


def control(*words: str) -> str:
    """What `systemctl --user` says."""
    ended = subprocess.run(
        ["systemctl", "--user", *words], capture_output=True, text=True, check=False
    )
    return ended.stdout.strip()


def main_process() -> int:
    return int(control("show", "-P", "MainPID", systemd.UNIT) or 0)


def test_the_service_runs_comes_back_and_goes(home: Path) -> None:
    state = home / ODD.replace("/", "")
    installed = scumble("service", "install", state=state)
    assert installed.returncode == 0, installed
    wait_until(lambda: endpoint.read(state) is not None)
    first = main_process()
    found = endpoint.read(state)
    assert found is not None
    assert found.pid == first
    assert control("is-enabled", systemd.UNIT) == "enabled"
    assert "systemd has it" in scumble("service", "status", state=state).stdout
    assert scumble("status", state=state).returncode == 0

    os.kill(first, signal.SIGKILL)
    wait_until(lambda: main_process() not in {0, first})
    wait_until(lambda: endpoint.read(state) is not None)
    assert control("show", "-P", "NRestarts", systemd.UNIT) == "1"

    assert "set up already" in scumble("service", "install", state=state).stdout
    gone = scumble("service", "uninstall", state=state)
    assert gone.returncode == 0, gone
    assert main_process() == 0
    assert control("is-failed", systemd.UNIT) == "inactive"
    assert endpoint.read(state) is None
    assert list((home / "config").iterdir()) == []


@pytest.mark.parametrize("folder", ["plain", ODD])
def test_every_word_arrives_as_it_is(home: Path, folder: str) -> None:
    program = home / folder / "program"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$0" "$@" > "$HOME/words"; umask > "$HOME/mask"\n'
    )
    program.chmod(0o755)
    words = ["-I", f"--state={ODD}", "", "tab\tand ; more"]
    unit = home / "config/systemd/user" / systemd.UNIT
    unit.parent.mkdir(parents=True)
    unit.write_text(systemd.unit(Service((str(program), *words), home, "me")), "utf-8")
    control("daemon-reload")
    control("start", systemd.UNIT)
    wait_until(lambda: (home / "mask").exists() and (home / "mask").stat().st_size > 0)
    assert (home / "words").read_text().splitlines() == [str(program), *words]
    assert (home / "mask").read_text() == "0077\n"
