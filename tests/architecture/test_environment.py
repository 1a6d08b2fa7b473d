"""The environment that runs the tests is the one that the lock files describe."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker

INSTALLER = Path(__file__).resolve().parents[2] / "installer"
LOCKS = (
    "requirements.lock",
    "requirements-test.lock",
    "requirements-torch.txt",
    "requirements-uv.lock",
)
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\\n]+))?", re.MULTILINE
)


@pytest.mark.parametrize("lock", LOCKS)
def test_installed_versions_are_the_locked_ones(lock: str) -> None:
    locked = {
        entry["name"]: entry["version"]
        for entry in ENTRY.finditer((INSTALLER / lock).read_text("utf-8"))
        if not entry["marker"] or Marker(entry["marker"]).evaluate()
    }
    assert locked
    # torch's builds for a GPU call themselves 2.13.0+cu130.
    installed = {name: metadata.version(name).partition("+")[0] for name in locked}
    assert installed == locked
