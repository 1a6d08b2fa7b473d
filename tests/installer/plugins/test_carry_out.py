"""Each file and folder of an editor changes whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

import pytest

from scumble_installer.plugins.bundled import BundledFile
from scumble_installer.plugins.carry_out import carry_out
from scumble_installer.plugins.moves import Move, Put, Remove, Tell, Write

PLACE = PurePosixPath("pykrita/plugin")
FILES = (
    BundledFile(PLACE / "__init__.py", b"new"),
    BundledFile(PLACE / "deep" / "module.py", b"new"),
)


def do(*moves: Move) -> list[str]:
    said: list[str] = []
    carry_out(moves, said.append)
    return said


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_folder_is_put_where_none_was(tmp_path: Path) -> None:
    do(Put(tmp_path, PLACE, FILES))
    assert tree(tmp_path) == {
        "pykrita/plugin/__init__.py": b"new",
        "pykrita/plugin/deep/module.py": b"new",
    }


def test_older_copy_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "pykrita/plugin/old").mkdir(parents=True)
    (tmp_path / "pykrita/plugin/old/stale.py").write_text("old", "utf-8")
    (tmp_path / "pykrita/other.desktop").write_text("other", "utf-8")
    do(Put(tmp_path, PLACE, FILES))
    assert set(tree(tmp_path)) == {
        "pykrita/plugin/__init__.py",
        "pykrita/plugin/deep/module.py",
        "pykrita/other.desktop",
    }
    assert {path.name for path in (tmp_path / "pykrita").iterdir()} == {"plugin", "other.desktop"}


def test_file_takes_the_place_of_a_file(tmp_path: Path) -> None:
    place = PurePosixPath("pykrita/plugin.desktop")
    for content in (b"old", b"new"):
        do(Put(tmp_path, place, (BundledFile(place, content),)))
    assert tree(tmp_path) == {"pykrita/plugin.desktop": b"new"}


def test_full_disk_leaves_the_older_copy_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pykrita/plugin").mkdir(parents=True)
    (tmp_path / "pykrita/plugin/__init__.py").write_text("old", "utf-8")
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "module.py":
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        do(Put(tmp_path, PLACE, FILES))
    assert tree(tmp_path) == {"pykrita/plugin/__init__.py": b"old"}
    assert [path.name for path in (tmp_path / "pykrita").iterdir()] == ["plugin"]


def test_new_folder_that_cannot_take_its_place_gives_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pykrita/plugin").mkdir(parents=True)
    (tmp_path / "pykrita/plugin/__init__.py").write_text("old", "utf-8")

    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        do(Put(tmp_path, PLACE, FILES))
    assert tree(tmp_path) == {"pykrita/plugin/__init__.py": b"old"}
    other = PurePosixPath("pykrita/other")
    with pytest.raises(PermissionError):
        do(Put(tmp_path, other, (BundledFile(other / "__init__.py", b"new"),)))
    assert tree(tmp_path) == {"pykrita/plugin/__init__.py": b"old"}


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "pykrita/.scumble-x1/old").mkdir(parents=True)
    do(Put(tmp_path, PLACE, FILES))
    assert [path.name for path in (tmp_path / "pykrita").iterdir()] == ["plugin"]


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_link_in_the_plugins_place_is_replaced_and_its_target_stays(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/mine.py").write_text("mine", "utf-8")
    (tmp_path / "pykrita").mkdir()
    (tmp_path / "pykrita/plugin").symlink_to(tmp_path / "sources")
    do(Put(tmp_path, PLACE, FILES))
    assert not (tmp_path / "pykrita/plugin").is_symlink()
    assert (tmp_path / "sources/mine.py").exists()


def test_settings_are_written_and_the_old_ones_kept(tmp_path: Path) -> None:
    file = tmp_path / "config" / "kritarc"
    do(Write(file, b"old"))
    do(Write(file, b"new", keep_as=file.with_name("kept")))
    assert tree(tmp_path) == {"config/kritarc": b"new", "config/kept": b"old"}


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_settings_keep_their_mode_and_new_ones_are_private(tmp_path: Path) -> None:
    file = tmp_path / "kritarc"
    do(Write(file, b"new"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    do(Write(file, b"newer"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_settings_behind_a_link_are_written_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles/kritarc").write_text("old", "utf-8")
    (tmp_path / "kritarc").symlink_to(tmp_path / "dotfiles/kritarc")
    do(Write(tmp_path / "kritarc", b"new"))
    assert (tmp_path / "kritarc").is_symlink()
    assert (tmp_path / "dotfiles/kritarc").read_bytes() == b"new"


def test_settings_that_cannot_be_written_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kritarc"
    file.write_bytes(b"old")

    def full(path: Path, mode: int) -> None:
        raise OSError(28, "No space left on device", str(path), mode)

    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(OSError, match="No space"):
        do(Write(file, b"new"))
    assert tree(tmp_path) == {"kritarc": b"old"}


def test_files_folders_and_nothing_can_be_removed(tmp_path: Path) -> None:
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "file").write_text("", "utf-8")
    do(*(Remove(tmp_path / name) for name in ("folder", "file", "absent")))
    assert list(tmp_path.iterdir()) == []


def test_what_is_to_be_told_is_told_in_order(tmp_path: Path) -> None:
    assert do(Tell("one"), Remove(tmp_path / "absent"), Tell("two")) == ["one", "two"]
