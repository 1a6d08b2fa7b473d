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
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            pickles = [name for name in archive.namelist() if name.endswith("data.pkl")]
            return b"".join(archive.open(name).read(_BEGINNING) for name in pickles[:1])
    with path.open("rb") as file:
        return file.read(_BEGINNING)
