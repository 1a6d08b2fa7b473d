"""The environment that runs the tests is the one that the locks and pyproject.toml describe."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest
import tomllib  # type: ignore[import-not-found]  # mypy checks for Python 3.10, this runs on 3.11
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = (
    "requirements.lock",
    "requirements-test.lock",
    "requirements-torch.txt",
    "requirements-uv.lock",
)
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\\n]+))?", re.MULTILINE
)


class Locked(NamedTuple):
    name: str
    version: str


def locked_by(lock: str) -> list[Locked]:
    """What a lock file says for this system and this Python."""
    text = (ROOT / "installer" / lock).read_text("utf-8")
    return [
        Locked(entry["name"], entry["version"])
        for entry in ENTRY.finditer(text)
        if not entry["marker"] or Marker(entry["marker"]).evaluate()
    ]


@pytest.mark.parametrize("lock", LOCKS)
def test_installed_versions_are_the_locked_ones(lock: str) -> None:
    locked = locked_by(lock)
    assert locked
    # torch's builds for a GPU call themselves 2.13.0+cu130.
    installed = [Locked(name, metadata.version(name).partition("+")[0]) for name, _ in locked]
    assert installed == locked


def test_locks_hold_everything_that_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [
        Requirement(text)
        for text in (
            *project["project"]["dependencies"],
            *project["dependency-groups"]["build"],
            *project["dependency-groups"]["test"],
        )
    ]
    locked = dict(entry for lock in LOCKS for entry in locked_by(lock))
    missing = [
        str(requirement)
        for requirement in asked
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]
    assert missing == [], "run `python3 installer lock`"
