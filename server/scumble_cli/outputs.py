"""Where results go: beside the picture unless said otherwise, and never over something by surprise."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from scumble_protocol.errors import ErrorCode, RequestError


def choose_output(
    picture: Path, asked: str | None, *, addition: str, suffix: str, overwrite: bool
) -> Path:
    """The file to write, checked before any work is done.

    Args:
        picture: The input; a result lies beside it unless asked for elsewhere.
        asked: What the user named, or None for a name that is free: `cat-scumble.png`, then
            `cat-scumble-2.png`, …
        addition: What the chosen name adds to the picture's.
        suffix: The chosen name's ending.
        overwrite: Whether a file that is there, the input included, may be replaced.

    Raises:
        RequestError: The named file is there, or its folder is not.
    """
    if asked is None:
        return _free_name(picture, addition, suffix)
    out = Path(asked)
    if not out.parent.is_dir():
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"There is no folder {out.parent}.",
            "Make it first, or name another file with --out.",
        )
    if out.is_dir():
        raise RequestError(
            ErrorCode.INVALID_VALUE, f"{out} is a folder.", "Name a file in it with --out."
        )
    if out.exists() and not overwrite:
        what = "the picture itself" if _same_file(out, picture) else "there already"
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{out} is {what}.",
            "Name another file with --out, or add --overwrite to replace it.",
        )
    return out


def numbered(out: Path, variations: int) -> list[Path]:
    """A file for each variation: `out` itself if there is one, else `out-1`, `out-2`, …."""
    if variations == 1:
        return [out]
    return [
        out.with_name(f"{out.stem}-{number}{out.suffix}") for number in range(1, variations + 1)
    ]


def _free_name(picture: Path, addition: str, suffix: str) -> Path:
    names = (f"{picture.stem}-{addition}{'' if n == 1 else f'-{n}'}{suffix}" for n in count(1))
    return next(path for path in map(picture.with_name, names) if not path.exists())


def _same_file(one: Path, other: Path) -> bool:
    return other.exists() and one.samefile(other)
