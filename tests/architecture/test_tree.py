"""What the repository may hold: known components, no addresses, nothing huge or unfinished."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

COMPONENTS = {"krita_plugin", "gimp_plugin", "server", "protocol", "installer", "tests", "docs"}
FILES = {
    "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "NOTICE",
    ".ci", ".gitignore",
}  # fmt: skip
LARGEST = 50 * 2**20

# Written so that this file doesn't name them itself.
ADDRESSES = {
    "a folder of one machine": r"(?<![\w.~$}/])/(?:work|root|opt/(?:wheels|pypi))\b",
    "a package index": r"py[p]i\.org|python[h]osted\.org|registry\.np[m]js|download\.py[t]orch",
    "a Debian mirror": r"(?:deb|snapshot|ftp|security)\.d[e]bian\.org",
}
UNFINISHED = r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b(?! \(#\d+\))|[C]opied from|[n]ot implemented yet"
# Names that say nothing about what is inside.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout, to tell the project's files from others")
    listing = subprocess.run(
        ("git", "ls-files", "-z"), cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True
    )
    files = [Path(name) for name in listing.stdout.split("\0") if name]
    return [file for file in files if (ROOT / file).is_file()]


def texts(files: list[Path]) -> Iterator[tuple[Path, int, str]]:
    """Every line of every file that is text."""
    for file in files:
        content = (ROOT / file).read_bytes()
        if b"\0" in content[:8192]:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            yield file, number, line


def matches(files: list[Path], pattern: str) -> list[str]:
    found = re.compile(pattern)
    return [
        f"{file}:{n}: {line.strip()[:120]}" for file, n, line in texts(files) if found.search(line)
    ]


def test_top_level_holds_only_components(tracked: list[Path]) -> None:
    assert {file.parts[0] for file in tracked} <= COMPONENTS | FILES


@pytest.mark.parametrize("kind", ADDRESSES)
def test_no_file_names_an_address_of_one_place(tracked: list[Path], kind: str) -> None:
    assert matches(tracked, ADDRESSES[kind]) == []


def test_locks_hold_no_address_at_all(tracked: list[Path]) -> None:
    locks = [file for file in tracked if file.suffix == ".lock"]
    assert len(locks) == 3
    assert matches(locks, r"://|--index|--find-links") == []


def test_no_lock_of_another_tool(tracked: list[Path]) -> None:
    others = {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock"}
    assert [file for file in tracked if file.name in others] == []


def test_nothing_is_huge(tracked: list[Path]) -> None:
    assert [file for file in tracked if (ROOT / file).stat().st_size > LARGEST] == []


def test_nothing_is_unfinished(tracked: list[Path]) -> None:
    assert matches(tracked, UNFINISHED) == []


def test_modules_have_names_that_say_what_they_hold(tracked: list[Path]) -> None:
    modules = [file for file in tracked if file.suffix == ".py"]
    assert [file for file in modules if file.stem in EMPTY_NAMES] == []
