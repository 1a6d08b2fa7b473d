"""Steps are done, remembered, tried another way and reported when they fail."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scumble_installer import stamps
from scumble_installer.carry_out import carry_out
from scumble_installer.errors import StepFailedError
from scumble_installer.machine import Machine, Stamp
from scumble_installer.steps import Advice, Command, Program, Step, part_of
from scumble_installer.terminal import Terminal
from tests.installer.machines import BARE


def python(code: str, *arguments: str) -> Command:
    return (sys.executable, "-I", "-S", "-c", code, *arguments)


WORKS = python("print('all is well')")
FAILS = python("import sys; print('something broke'); sys.exit(3)")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    found = replace(BARE, checkout=tmp_path)
    found.environment_folder.mkdir()
    return found


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def terminal(screen: io.StringIO) -> Terminal:
    return Terminal(screen)


def test_done_step_is_remembered(machine: Machine, terminal: Terminal) -> None:
    stamp = Stamp("something", "1")
    carry_out((Step("something", WORKS, stamp=stamp),), machine, terminal)
    assert stamps.read(machine.environment_folder) == {stamp}


def test_failed_step_is_not_remembered_and_ends_the_plan(
    machine: Machine, terminal: Terminal
) -> None:
    later = machine.checkout / "later"
    touch = Step("later", python("import sys; open(sys.argv[1], 'w').close()", str(later)))
    with pytest.raises(StepFailedError, match="ended with status 3"):
        carry_out((Step("broken", FAILS, stamp=Stamp("broken", "1")), touch), machine, terminal)
    assert stamps.read(machine.environment_folder) == set()
    assert not later.exists()


def test_other_way_is_taken_when_the_first_fails(
    machine: Machine, terminal: Terminal, screen: io.StringIO
) -> None:
    carry_out((Step("something", FAILS, otherwise=WORKS),), machine, terminal)
    assert "something broke" in screen.getvalue()
    assert "all is well" in screen.getvalue()


def test_folder_gets_its_name_when_it_is_whole(machine: Machine, terminal: Terminal) -> None:
    folder = machine.checkout / "roots" / "one"
    make = python("import os, sys; os.mkdir(sys.argv[1])", str(part_of(folder)))
    carry_out((Step("a folder", make, makes=folder),), machine, terminal)
    assert folder.is_dir()
    assert not part_of(folder).exists()


def test_remains_of_an_interrupted_step_are_cleared_away(
    machine: Machine, terminal: Terminal
) -> None:
    folder = machine.checkout / "one"
    part_of(folder).mkdir()
    (part_of(folder) / "rest").touch()
    make = python("import os, sys; os.mkdir(sys.argv[1])", str(part_of(folder)))
    carry_out((Step("a folder", make, makes=folder),), machine, terminal)
    assert list(folder.iterdir()) == []


def test_failed_step_leaves_no_folder_of_that_name(machine: Machine, terminal: Terminal) -> None:
    folder = machine.checkout / "one"
    with pytest.raises(StepFailedError):
        carry_out((Step("a folder", FAILS, makes=folder),), machine, terminal)
    assert not folder.exists()


def test_program_that_does_not_exist_is_named(machine: Machine, terminal: Terminal) -> None:
    missing = Step("a root", ("no-such-program", "--now"))
    with pytest.raises(StepFailedError, match="no program `no-such-program`"):
        carry_out((missing,), machine, terminal)


def test_exit_status_is_that_of_the_program_at_the_end(
    machine: Machine, terminal: Terminal
) -> None:
    assert carry_out((Step("x", WORKS), Program("the end", FAILS)), machine, terminal) == 3


def test_step_sees_its_variables_and_not_the_callers_python_path(
    machine: Machine, terminal: Terminal, screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    code = "import os; print(os.environ.get('PYTHONPATH'), os.environ['KIND'])"
    carry_out((Step("x", python(code), environment=(("KIND", "quiet"),)),), machine, terminal)
    assert "None quiet" in screen.getvalue()


def test_end_tells_how_long_each_step_took(
    machine: Machine, terminal: Terminal, screen: io.StringIO
) -> None:
    carry_out((Step("some packages", WORKS), Advice("Go on.")), machine, terminal)
    summary = screen.getvalue().partition("The set-up took")[2]
    assert "some packages" in summary
    assert summary.endswith("Go on.\n")


class FakeScreen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_what_a_command_prints_moves_by(machine: Machine) -> None:
    screen = FakeScreen()
    carry_out((Step("something", WORKS),), machine, Terminal(screen))
    assert "\r\x1b[K    all is well\r\x1b[K" in screen.getvalue()


def test_on_a_terminal_the_last_words_of_a_failure_stay(machine: Machine) -> None:
    screen = FakeScreen()
    with pytest.raises(StepFailedError):
        carry_out((Step("something", FAILS),), machine, Terminal(screen))
    assert screen.getvalue().endswith("    something broke\n")
