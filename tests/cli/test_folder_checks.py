"""The doctor sees what is wrong with the server's folder, and changes nothing in it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from scumble_cli.checks import folder as folder_checks
from scumble_cli.checks.finding import Finding, Verdict
from scumble_cli.checks.folder import LEAST_DISK, NO_DISK
from scumble_protocol.messages import Accepted
from scumble_server.jobs.journal import Journal, Sender
from tests.cli.program import scumble, tree
from tests.protocol.samples import REGENERATE

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="about rights as Unix knows them")


class Usage(NamedTuple):
    """What `shutil.disk_usage` gives."""

    total: int
    used: int
    free: int


@pytest.fixture
def state() -> Iterator[Path]:
    """A folder that other users could get at, unlike those of tests."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "state"
        path.mkdir(0o700)
        yield path


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's right to read everything, where tests run as root."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def assert_broken(finding: Finding, facts: str, remedy: str) -> None:
    assert finding.verdict is Verdict.BROKEN
    assert facts in finding.facts
    assert remedy in finding.remedy


def test_new_folder_is_sound_and_its_owners_alone(tmp_path: Path) -> None:
    (finding,) = folder_checks.check_state(tmp_path / "new")
    assert finding.verdict is Verdict.GOOD
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert folder_checks.check_disk(tmp_path / "not" / "made").verdict is not Verdict.BROKEN
    assert list(folder_checks.check_models_folder(tmp_path / "new")) == []


def test_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    (finding,) = folder_checks.check_state(tmp_path / "state")
    assert_broken(finding, "exists", "SCUMBLE_STATE")


def test_on_a_full_disk_room_is_asked_for_and_no_rights(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    (finding,) = folder_checks.check_state(state)
    assert_broken(finding, "No space left", "Make room there")
    assert "right" not in finding.remedy


@pytest.mark.parametrize("mode", [0o755, 0o701, 0o770])
def test_folder_that_others_can_look_into_is_told(state: Path, mode: int) -> None:
    state.chmod(mode)
    (finding,) = folder_checks.check_state(state)
    assert_broken(finding, "open to others", f"chmod 700 '{state}'")


def test_folder_of_another_user_is_told(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(state, NOBODY, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    (finding,) = folder_checks.check_state(state)
    assert_broken(finding, "belongs to another user", "chown")


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(NO_DISK - 1, Verdict.BROKEN), (LEAST_DISK - 1, Verdict.DOUBTFUL), (LEAST_DISK, Verdict.GOOD)],
)
def test_disk_without_room_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**40 - free, free))
    finding = folder_checks.check_disk(tmp_path)
    assert finding.verdict is verdict
    assert bool(finding.remedy) is (verdict is not Verdict.GOOD)


def test_models_folder_that_can_not_be_read_is_told(state: Path) -> None:
    models = state / "models"
    (models / "inner").mkdir(parents=True)
    state.chmod(0o755)
    models.chmod(0o000)
    with as_nobody():
        (finding,) = folder_checks.check_models_folder(state)
    assert_broken(finding, f"{models}: Permission denied", f"chmod -R u+rX '{models}'")
    models.chmod(0o755)
    (models / "inner").chmod(0o000)
    with as_nobody():
        (finding,) = folder_checks.check_models_folder(state)
    assert_broken(finding, f"{models / 'inner'}: Permission denied", "chmod")
    (models / "inner").chmod(0o755)


def test_models_that_lead_nowhere_are_told(state: Path) -> None:
    (state / "models").mkdir()
    (state / "models" / "gone.safetensors").symlink_to(state / "unplugged")
    (finding,) = folder_checks.check_models_folder(state)
    assert_broken(finding, "leads nowhere", "gone.safetensors")
    (state / "models" / "gone.safetensors").unlink()
    (state / "models").rmdir()
    (state / "models").symlink_to(state / "unplugged")
    (finding,) = folder_checks.check_models_folder(state)
    assert finding.verdict is Verdict.BROKEN


def make_journal(state: Path, jobs: int = 200) -> Path:
    """A journal as a server leaves it that was killed: a part of it is in the log beside it."""
    path = state / "journal.sqlite"
    journal = Journal(path)
    for number in range(jobs):
        journal.accept(Accepted(f"{number:032x}", 1, 0), Sender("local", "test"), REGENERATE)
    for file in (path, path.with_name(f"{path.name}-wal")):
        shutil.copy(file, state / f"{file.name}.copy")
    journal.close()
    for file in (path, path.with_name(f"{path.name}-wal")):
        (state / f"{file.name}.copy").replace(file)
    return path


def test_whole_journal_is_sound_also_after_a_kill(state: Path) -> None:
    assert folder_checks.check_journal(state).verdict is Verdict.GOOD
    make_journal(state, 7)
    before = tree(state)
    finding = folder_checks.check_journal(state)
    assert (finding.verdict, finding.facts) == (Verdict.GOOD, "7 jobs")
    assert tree(state) == before


@pytest.mark.parametrize("place", [0, 4096, 8192])
def test_damaged_journal_is_told_and_left_as_it_is(state: Path, place: int) -> None:
    path = make_journal(state)
    Journal(path).close()  # everything into the database itself
    with path.open("r+b") as file:
        file.seek(place)
        file.write(os.urandom(2000))
    before = tree(state)
    assert_broken(folder_checks.check_journal(state), "damaged", "Start the server")
    assert tree(state) == before


def test_doctor_ends_with_1_and_names_it_all_for_programs(state: Path) -> None:
    (state / "models").symlink_to(state / "unplugged")
    state.chmod(0o755)
    ended = scumble("doctor", "--json", state=state)
    assert ended.returncode == 1
    assert '"verdict": "broken"' in ended.stdout
    assert "chmod 700" in ended.stdout
    assert "Traceback" not in ended.stderr
