"""The files of one addition: its config, its tensors, and what can be known before loading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scumble_server.models.folders import unsafe, weight_files
from scumble_server.models.headers import TensorHeader, read_header
from scumble_server.models.json_files import read_json

CONFIG = "config.json"


@dataclass(frozen=True)
class Files:
    """What lies at a path.

    Args:
        path: A file, or a folder with a config.
        weights: Its `.safetensors` files.
        config: Of the folder, or of one beside the file with its name less `.safetensors`; else
            empty.
    """

    path: Path
    weights: tuple[Path, ...]
    config: Mapping[str, Any]

    @property
    def bytes(self) -> int:
        """Size of the weights."""
        return sum(path.stat().st_size for path in self.weights)

    def header(self) -> dict[str, TensorHeader]:
        """All tensors, by their names.

        Raises:
            RequestError: `DAMAGED_MODEL`.
        """
        return {name: entry for path in self.weights for name, entry in read_header(path).items()}


def read_files(path: Path) -> Files:
    """The files of an addition.

    Raises:
        RequestError: `UNSAFE_MODEL` for a pickle, `DAMAGED_MODEL` where one is missing.
    """
    if path.is_dir():
        return Files(path, tuple(weight_files(path)), read_json(path / CONFIG))
    if path.suffix != ".safetensors":
        raise unsafe(path)
    beside = path.with_suffix("") / CONFIG
    return Files(path, (path,), read_json(beside) if beside.exists() else {})
