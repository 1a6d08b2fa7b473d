from __future__ import annotations

from pathlib import Path

import pytest

from scumble_protocol.private_file import read_values, write_values


def test_values_come_back_as_they_were(tmp_path: Path) -> None:
    write_values(tmp_path / "new" / "folder", "a.json", {"word": "ä", "number": 1})
    assert read_values(tmp_path / "new" / "folder", "a.json") == {"word": "ä", "number": 1}


def test_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_values(tmp_path, "a.json", {"a": 1})
    with pytest.raises(TypeError):
        write_values(tmp_path, "a.json", {"a": object()})
    assert read_values(tmp_path, "a.json") == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff", b"[]", b"[" * 100_000])
def test_garbage_holds_no_values(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    assert read_values(tmp_path, "a.json") is None


def test_absent_file_holds_no_values(tmp_path: Path) -> None:
    assert read_values(tmp_path, "a.json") is None
