"""Progress is a bar on a terminal, and a few plain lines anywhere else."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from scumble_cli.terminal import BarReporter, PlainReporter, reporter, say
from tests.timing import MS


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_results_go_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    say("Wrote cat.png")
    assert capsys.readouterr() == ("Wrote cat.png\n", "")


def test_pipe_gets_a_line_for_each_quarter_of_a_phase(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter() as shown:
        assert isinstance(shown, PlainReporter)
        shown.show("Loading", 0, 1, -1)
        shown.show("Loading", 1, 1, -1)
        for step in range(9):
            shown.show("Sampling", step, 8, 8.0 - step)
        shown.note("Cancelling")
    assert capsys.readouterr().err.splitlines() == [
        "Loading",
        "Sampling 0/8, 8 s left",
        "Sampling 2/8, 6 s left",
        "Sampling 4/8, 4 s left",
        "Sampling 6/8, 2 s left",
        "Sampling 8/8, 0 s left",
        "Cancelling",
    ]


def test_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with reporter() as shown:
        assert isinstance(shown, BarReporter)


def test_bar_follows_the_phases() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80)
    columns = (TextColumn("{task.description}"), TextColumn("{task.fields[counts]}"))
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        shown = BarReporter(progress)
        shown.show("Loading", 0, 0, -1)
        assert progress.tasks[0].total is None
        shown.show("Sampling", 3, 20, 4.4)
        shown.note("[not markup]")
        (task,) = progress.tasks
    assert (task.description, task.completed, task.total) == ("Sampling", 3, 20)
    assert task.fields["counts"] == "3/20, 4 s left"
    assert "[not markup]" in screen.getvalue()


def test_a_reader_that_has_seen_enough_gets_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(
        [sys.executable, "-m", "scumble_cli", "models", "recommended"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60_000 * MS,
    )
    os.close(write)
    assert ended.stderr == b""
    assert ended.returncode == 1
