"""The files that prompts name: wildcards, LoRAs and textual inversions, in the user's folders."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.models.file_names import can_be_told

WEIGHTS = ".safetensors"
"""Pickles are not even looked at: they could run any program when opened."""

MOST_BYTES = 16 * 2**20
"""The largest wildcard that is read: half a million lines of a few words."""


@dataclass(frozen=True)
class Library:
    """Folders whose files are looked up anew at each request, since they come and go.

    Args:
        wildcards: `NAME.txt`, one choice a line; `#` begins a remark. None where there are none.
        loras: `NAME.safetensors`.
        embeddings: `NAME.safetensors`.
    """

    wildcards: Path | None = None
    loras: Path | None = None
    embeddings: Path | None = None

    @classmethod
    def of(cls, state: Path) -> Library:
        """The library in a state folder; the folders need not be there."""
        models = state / "models"
        return cls(state / "wildcards", models / "loras", models / "embeddings")

    def lines(self, name: str) -> tuple[str, ...]:
        """What a wildcard stands for, at least one line.

        Raises:
            RequestError: There is no such wildcard, or it can't be read or is empty.
        """
        path = _look_up("wildcard", name, _files(self.wildcards, ".txt"), self.wildcards)
        try:
            with path.open("rb") as file:
                text = file.read(MOST_BYTES + 1)
            lines = [line.strip() for line in text.decode("utf-8-sig").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(path, "can't be read") from error
        if len(text) > MOST_BYTES:
            raise _unusable(path, f"is longer than {MOST_BYTES // 2**20} MB")
        choices = tuple(line for line in lines if line and not line.startswith("#"))
        if not choices:
            raise _unusable(path, "is empty")
        return choices

    def lora(self, name: str) -> Path:
        """The file of a LoRA.

        Raises:
            RequestError: There is none of that name; a near one is named.
        """
        return _look_up("LoRA", name, _files(self.loras, WEIGHTS), self.loras)

    def embedding(self, name: str) -> Path:
        """The file of a textual inversion.

        Raises:
            RequestError: There is none of that name; a near one is named.
        """
        return _look_up("embedding", name, self.embedding_files(), self.embeddings)

    def embedding_files(self) -> dict[str, Path]:
        """Every textual inversion by its name."""
        return _files(self.embeddings, WEIGHTS)

    def lora_names(self) -> tuple[str, ...]:
        """The names of the LoRAs, sorted, each once."""
        return _names(_files(self.loras, WEIGHTS))

    def embedding_names(self) -> tuple[str, ...]:
        """The names of the textual inversions, in the same way."""
        return _names(self.embedding_files())

    def wildcard_names(self) -> tuple[str, ...]:
        """The names of the wildcards, in the same way."""
        return _names(_files(self.wildcards, ".txt"))


def _names(files: dict[str, Path]) -> tuple[str, ...]:
    """The shortest name of each file."""
    shortest: dict[Path, str] = {}
    for name in sorted(files, key=len):
        shortest.setdefault(files[name], name)
    return tuple(sorted(shortest.values()))


def _files(folder: Path | None, suffix: str) -> dict[str, Path]:
    """Files by their names without suffix: with their folders, and without where that is clear."""
    if folder is None or not folder.is_dir():
        return {}
    found = sorted(
        path
        for path in folder.rglob(f"*{suffix}")
        if path.is_file() and can_be_told(str(path.relative_to(folder)))
    )
    full = {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}
    # Reversed, so that of two files of one name the first stands for it.
    return {path.stem: path for path in reversed(found)} | full


def _look_up(kind: str, name: str, files: dict[str, Path], folder: Path | None) -> Path:
    if name in files:
        return files[name]
    # As file systems and painters differ about capitals, so a name without its own is taken too.
    for known, path in files.items():
        if known.casefold() == name.casefold():
            return path
    raise RequestError(
        ErrorCode.INVALID_VALUE,
        f"There is no {kind} {name!r}.",
        _advice(name, files, folder),
    )


def _advice(name: str, names: Iterable[str], folder: Path | None) -> str:
    known = sorted(names)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"Did you mean {near[0]}?"
    if known:
        return f"There is {', '.join(known[:8])}."
    return f"Put one into {folder}." if folder else "This server has no folder for them."


def _unusable(path: Path, what: str) -> RequestError:
    return RequestError(
        ErrorCode.INVALID_VALUE,
        f"The wildcard file {path} {what}.",
        "It must be text in UTF-8 with one choice a line.",
    )
