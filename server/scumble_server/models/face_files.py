"""Which files hold networks that repair faces, found out without loading them."""

from __future__ import annotations

import zipfile
from pathlib import Path

from scumble_server.models.headers import read_header

_MARKS = (b"stylegan_decoder.", b"quantize.embedding.weight")
"""Names of tensors that only such networks have: GFPGAN's and RestoreFormer's."""
_BEGINNING = 4 * 2**20
"""So many bytes of a pickle hold its names."""


def repairs_faces(path: Path) -> bool:
    """Whether a `.safetensors` or `.pth` file holds a network for faces; nothing of it is run."""
    names = _names(path)
    return any(mark in names for mark in _MARKS)


def _names(path: Path) -> bytes:
    """The names of its tensors, perhaps with other bytes around them."""
    if path.suffix == ".safetensors":
        return "\n".join(read_header(path)).encode()
    try:
        if zipfile.is_zipfile(path):
            return _pickled(path)
        with path.open("rb") as file:
            return file.read(_BEGINNING)
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile):
        return b""  # loading it says what is wrong


def _pickled(path: Path) -> bytes:
    """The beginning of the pickle in an archive of torch's, which packs nothing."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.filename.endswith("data.pkl") and member.compress_type == zipfile.ZIP_STORED:
                with archive.open(member) as file:
                    return file.read(_BEGINNING)
    return b""
