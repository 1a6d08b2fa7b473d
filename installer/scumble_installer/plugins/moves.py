"""What a plan for an editor is made of: files to put, to write and to remove, and things to say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scumble_installer.plugins.bundled import Bundle


@dataclass(frozen=True)
class Put:
    """A file or a folder of a plugin takes its place; what was there before goes as a whole.

    Args:
        root: The folder that the plugin goes into.
        place: The file or folder in it.
        files: The files, with paths relative to `root`.
    """

    root: Path
    place: PurePosixPath
    files: Bundle

    @property
    def target(self) -> Path:
        """The place by its full path."""
        return self.root.joinpath(*self.place.parts)


@dataclass(frozen=True)
class Write:
    """A settings file gets new content; `keep_as` names a file that keeps the old one."""

    file: Path
    content: bytes
    keep_as: Path | None = None


@dataclass(frozen=True)
class Remove:
    """A file or folder goes, if it is there."""

    target: Path


@dataclass(frozen=True)
class Tell:
    """Something for a person."""

    text: str


Move = Put | Write | Remove | Tell
Moves = tuple[Move, ...]
