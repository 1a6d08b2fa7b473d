"""A plugin as an editor wants it: files in memory, written as a folder or as a zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

# The earliest date that a zip can hold: the same sources give the same bytes, on any day.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_FOLDER: Final = 0o40755 << 16 | 0x10  # Unix mode above, the folder bit of MS-DOS below
_FILE: Final = 0o100644 << 16
_PROGRAM: Final = 0o100755 << 16


class BundledFile(NamedTuple):
    """One file of a plugin."""

    path: PurePosixPath
    """Relative to the folder that the plugin goes into."""
    content: bytes
    is_program: bool = False
    """Whether it gets the execute bit."""


Bundle = tuple[BundledFile, ...]


def write_folder(bundle: Bundle, into: Path) -> None:
    """Write the files under a folder, making folders where they are missing.

    Raises:
        OSError: A file can't be written.
    """
    for file in bundle:
        target = into.joinpath(*file.path.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(0o755 if file.is_program else 0o644)


def zip_bytes(bundle: Bundle) -> bytes:
    """A zip with an entry for each folder too, which Krita's importer looks for.

    Nothing is compressed, since two versions of zlib may give different bytes.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for folder in sorted(_folders(bundle)):
            archive.writestr(_entry(f"{folder}/", _FOLDER), b"")
        for file in sorted(bundle):
            attributes = _PROGRAM if file.is_program else _FILE
            archive.writestr(_entry(str(file.path), attributes), file.content)
    return stream.getvalue()


def _folders(files: Iterable[BundledFile]) -> set[PurePosixPath]:
    return {folder for file in files for folder in file.path.parents} - {PurePosixPath()}


def _entry(name: str, attributes: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = _UNIX  # else Windows would note itself, and drop the execute bit
    entry.external_attr = attributes
    return entry
