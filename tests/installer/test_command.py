"""What can be said to the installer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scumble_installer.command import Request, parse
from scumble_installer.goals import Lock, RunDemo, RunTests, SetUp

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("", Request(SetUp(), is_dry_run=False)),
        ("--dry-run", Request(SetUp(), is_dry_run=True)),
        ("demo", Request(RunDemo(), is_dry_run=False)),
        ("demo --out here", Request(RunDemo(("--out", "here")), is_dry_run=False)),
        ("demo --dry-run", Request(RunDemo(), is_dry_run=True)),
        ("--dry-run demo", Request(RunDemo(), is_dry_run=True)),
        ("test", Request(RunTests(), is_dry_run=False)),
        ("test --editors", Request(RunTests(with_editors=True), is_dry_run=False)),
        ("test -k mask -x", Request(RunTests(arguments=("-k", "mask", "-x")), is_dry_run=False)),
        ("test tests/cli", Request(RunTests(arguments=("tests/cli",)), is_dry_run=False)),
        ("lock --upgrade", Request(Lock(upgrade=True), is_dry_run=False)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_line_is_understood(line: str, request_: Request) -> None:
    assert parse(line.split()) == request_


@pytest.mark.parametrize("line", ["demo --fast", "nonsense", "--editors", "lock now"])
def test_unknown_words_are_a_usage_error(line: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(line.split())
    assert ended.value.code == 2


def test_plan_is_printed_by_a_bare_python_and_nothing_is_done(tmp_path: Path) -> None:
    """Through the real entry, with the standard library alone."""
    command = (sys.executable, "-I", "-S", str(ROOT / "installer"), "test", "--dry-run")
    answer = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.rstrip().splitlines()[-2] == "the tests:"
    assert list(tmp_path.iterdir()) == []
