"""A bundle becomes a folder or a zip, the same on every day and every machine."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from scumble_installer.plugins.bundled import BundledFile, write_folder, zip_bytes

BUNDLE = (
    BundledFile(PurePosixPath("z/b/two.txt"), b"two"),
    BundledFile(PurePosixPath("z/one.py"), b"#!/bin/sh\n", is_program=True),
    BundledFile(PurePosixPath("a.txt"), b""),
)


def entries(content: bytes) -> list[zipfile.ZipInfo]:
    return zipfile.ZipFile(io.BytesIO(content)).infolist()


def test_zip_has_an_entry_for_each_folder_before_its_files() -> None:
    names = [entry.filename for entry in entries(zip_bytes(BUNDLE))]
    assert names == ["z/", "z/b/", "a.txt", "z/b/two.txt", "z/one.py"]


def test_zip_keeps_the_execute_bit_on_every_platform() -> None:
    modes = {entry.filename: entry.external_attr >> 16 for entry in entries(zip_bytes(BUNDLE))}
    assert modes == {
        "z/": stat.S_IFDIR | 0o755,
        "z/b/": stat.S_IFDIR | 0o755,
        "a.txt": stat.S_IFREG | 0o644,
        "z/b/two.txt": stat.S_IFREG | 0o644,
        "z/one.py": stat.S_IFREG | 0o755,
    }
    assert {entry.create_system for entry in entries(zip_bytes(BUNDLE))} == {3}


def test_zip_has_the_same_bytes_whatever_the_order_and_the_day() -> None:
    assert zip_bytes(BUNDLE) == zip_bytes(tuple(reversed(BUNDLE)))
    assert {entry.date_time for entry in entries(zip_bytes(BUNDLE))} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.skipif(os.name != "posix", reason="needs the unzip of a Unix")
def test_unpacked_program_can_be_run(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(zip_bytes(BUNDLE))
    try:
        subprocess.run(("unzip", "-q", "b.zip"), cwd=tmp_path, check=True)
    except FileNotFoundError:
        pytest.skip("needs unzip")
    assert os.access(tmp_path / "z" / "one.py", os.X_OK)
    assert not os.access(tmp_path / "a.txt", os.X_OK)


def test_folder_is_written_beside_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "other.txt").write_text("other", "utf-8")
    write_folder(BUNDLE, tmp_path)
    assert (tmp_path / "z" / "b" / "two.txt").read_bytes() == b"two"
    assert (tmp_path / "z" / "other.txt").exists()
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "z" / "one.py").stat().st_mode) == 0o755
