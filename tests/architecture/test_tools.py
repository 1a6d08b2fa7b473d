"""The project's own tools find nothing: style, types and the layers of imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent


def assert_finds_nothing(program: str, *arguments: str) -> None:
    command = (str(PROGRAMS / program), *arguments)
    found = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if found.returncode != 0:
        pytest.fail(f"{program} {' '.join(arguments)}\n\n{found.stdout}", pytrace=False)


def test_style() -> None:
    assert_finds_nothing("ruff", "check", "--output-format=concise")


def test_format() -> None:
    assert_finds_nothing("ruff", "format", "--check")


@pytest.mark.timeout(900)  # the first time it reads all of torch
def test_types() -> None:
    assert_finds_nothing("mypy", "--no-error-summary")


def test_layers_of_imports() -> None:
    assert_finds_nothing("lint-imports", "--no-cache")
