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
    """The files to fetch out of all that a model has.

    Of weights that come in several forms one is taken: fp16 before full precision, since that is
    what GPUs calculate in and half as long to fetch.

    Raises:
        RequestError: `UNSUPPORTED_MODEL` or `UNSAFE_MODEL`.
    """
    if "model_index.json" not in files:
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"The model {model!r} has no diffusers layout.",
            "Download its .safetensors file into the models folder by hand.",
        )
    chosen = {"model_index.json": files["model_index.json"]}
    for part in PARTS:
        own = {name: file for name, file in files.items() if name.startswith(f"{part}/")}
        chosen |= {name: file for name, file in own.items() if name.endswith(SMALL_FILES)}
        weights = _weights(own)
        if not weights and any(name.endswith(PICKLES) for name in own):
            raise RequestError(
                ErrorCode.UNSAFE_MODEL,
                f"The model {model!r} comes only as pickles, which could run any program.",
                "Choose a model with .safetensors files.",
            )
        chosen |= weights
    return chosen


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


def _weights(files: Mapping[str, HubFile]) -> dict[str, HubFile]:
    """One form of a part's weights: the fp16 files if there are any, else the plain ones."""
    weights = {name: file for name, file in files.items() if name.endswith(".safetensors")}
    half = {name: file for name, file in weights.items() if ".fp16" in name}
    plain = {name: file for name, file in weights.items() if name.rsplit("/", 1)[1].count(".") == 1}
    return half or plain
