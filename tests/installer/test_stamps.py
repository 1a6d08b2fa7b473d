"""What was installed is remembered, and a damaged memory only means that it is done again."""

from __future__ import annotations

from pathlib import Path

import pytest

from scumble_installer import stamps
from scumble_installer.machine import Stamp


def test_nothing_is_remembered_in_a_new_environment(tmp_path: Path) -> None:
    assert stamps.read(tmp_path) == frozenset()


def test_newer_digest_replaces_the_older(tmp_path: Path) -> None:
    for stamp in (Stamp("uv", "1"), Stamp("torch", "1"), Stamp("uv", "2")):
        stamps.add(tmp_path, stamp)
    assert stamps.read(tmp_path) == {Stamp("uv", "2"), Stamp("torch", "1")}


@pytest.mark.parametrize("damaged", ["", "{", "[]", "\N{REPLACEMENT CHARACTER}"])
def test_damaged_memory_is_no_memory(tmp_path: Path, damaged: str) -> None:
    stamps.add(tmp_path, Stamp("uv", "1"))
    (file,) = tmp_path.iterdir()
    file.write_text(damaged, "utf-8")
    assert stamps.read(tmp_path) == frozenset()
