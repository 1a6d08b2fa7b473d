"""Which files of a hub's model are needed, and whether they arrived as they were sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.models.folders import PICKLES, READERS, WEIGHTED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INDEX = "model_index.json"
"""What names the parts of a model in diffusers' layout."""

PARTS = (*WEIGHTED, *READERS, "processor", "scheduler")
"""The folders of a model that are fetched; of its weights only those as safetensors."""

SMALL_FILES = (".json", ".txt", ".model", ".jinja")
"""Endings of configs, vocabularies and templates of chats."""

_PORTION = 2**20


@dataclass(frozen=True)
class HubFile:
    """What a hub tells of a file.

    Args:
        size: Its bytes.
        sha256: The hash of a large file; empty for others.
        blob: The hash that git knows a small file by; may be empty.
    """

    size: int
    sha256: str = ""
    blob: str = ""


def choose_files(model: str, files: Mapping[str, HubFile]) -> dict[str, HubFile]:
    """The files to fetch out of all that a model in diffusers' layout has.

    Raises:
        RequestError: `UNSAFE_MODEL`.
    """
    chosen = {INDEX: files[INDEX]}
    for part in PARTS:
        own = {name: file for name, file in files.items() if name.startswith(f"{part}/")}
        chosen |= {name: file for name, file in own.items() if name.endswith(SMALL_FILES)}
        chosen |= one_form(model, own)
    return chosen


def one_form(model: str, files: Mapping[str, HubFile]) -> dict[str, HubFile]:
    """One form of a part's weights, where it has any.

    Of weights that come in several forms fp16 is taken before full precision, since that is what
    GPUs calculate in and half as long to fetch.

    Raises:
        RequestError: `UNSAFE_MODEL`: they come only as pickles.
    """
    weights = {name: file for name, file in files.items() if name.endswith(".safetensors")}
    half = {name: file for name, file in weights.items() if ".fp16" in name}
    plain = {name: file for name, file in weights.items() if _name(name).count(".") == 1}
    chosen = half or plain
    if not chosen and any(name.endswith(PICKLES) for name in files):
        raise RequestError(
            ErrorCode.UNSAFE_MODEL,
            f"The model {model!r} comes only as pickles, which could run any program.",
            "Choose a model with .safetensors files.",
        )
    return chosen


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def is_whole(path: Path, file: HubFile) -> bool:
    """Whether a file is what the hub said of it."""
    if path.stat().st_size != file.size:
        return False
    if file.sha256:
        return _hash(path, hashlib.sha256()) == file.sha256
    if file.blob:
        begun = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        return _hash(path, begun) == file.blob
    return True


def _hash(path: Path, digest: hashlib._Hash) -> str:
    with path.open("rb") as opened:
        while portion := opened.read(_PORTION):
            digest.update(portion)
    return digest.hexdigest()
