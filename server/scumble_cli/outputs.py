"""Where results go: beside the picture unless said otherwise, and never over a file by surprise."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.pictures.openraster import ORA_SUFFIX
from scumble_cli.pictures.writing import check_writable
from scumble_protocol.errors import ErrorCode, RequestError

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_cli.pictures.picture import Picture


@dataclass(frozen=True)
class Destination:
    """What the user said of where the result goes.

    Args:
        picture: The input; a result lies beside it unless asked for elsewhere.
        asked: The file that the user named, or None.
        addition: What a chosen name adds to the picture's: `cat.jpg`, `cat-scumble-1.png`.
        overwrite: Whether files that are there, the input included, may be replaced.
    """

    picture: Path
    asked: Path | None
    addition: str
    overwrite: bool

    @property
    def suffix(self) -> str:
        """The ending, which says the format: `.png` unless the user named a file."""
        return self.asked.suffix.lower() if self.asked else ".png"

    def files(self, number: int) -> tuple[Path, ...]:
        """The `number` files to write, to be chosen before any work is done.

        Raises:
            RequestError: A file that would be written is there, or its folder is not.
        """
        if self.asked is None:
            return self._free_names(number)
        names = [self.asked]
        if number > 1:
            names = [self._numbered(self.asked, n) for n in range(1, number + 1)]
        for name in names:
            self._check(name)
        return tuple(names)

    def _free_names(self, number: int) -> tuple[Path, ...]:
        stem = self.picture.with_name(f"{self.picture.stem}-{self.addition}{self.suffix}")
        for first in itertools.count(1):
            names = tuple(self._numbered(stem, first + n) for n in range(number))
            if not any(name.exists() for name in names):
                return names
        raise AssertionError

    def _check(self, name: Path) -> None:
        if not name.parent.is_dir():
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"There is no folder {name.parent}.",
                "Make it first, or name another file with --out.",
            )
        if name.is_dir():
            raise RequestError(
                ErrorCode.INVALID_VALUE, f"{name} is a folder.", "Name a file in it with --out."
            )
        if name.exists() and not self.overwrite:
            what = "the picture itself" if name.samefile(self.picture) else "there already"
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{name} is {what}.",
                "Name another file with --out, or add --overwrite to replace it.",
            )

    @staticmethod
    def _numbered(name: Path, number: int) -> Path:
        return name.with_name(f"{name.stem}-{number}{name.suffix}")


def result_files(
    arguments: Namespace, picture: Picture, addition: str, count: int
) -> tuple[Path, ...]:
    """The files that a command writes its variations to, to be chosen before any work is done.

    Args:
        arguments: The command's arguments: `picture`, `out` and `overwrite`.
        picture: The picture as it was read.
        addition: As in `Destination`.
        count: How many variations there will be; OpenRaster holds all of them in one file.

    Raises:
        RequestError: A file would be replaced unasked, or its format can't hold the picture.
    """
    asked = Path(arguments.out) if arguments.out else None
    destination = Destination(Path(arguments.picture), asked, addition, arguments.overwrite)
    files = destination.files(1 if destination.suffix == ORA_SUFFIX else count)
    for file in files:
        if destination.suffix != ORA_SUFFIX:
            check_writable(file, picture)
    return files
