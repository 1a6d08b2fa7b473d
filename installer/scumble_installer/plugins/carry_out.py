"""Carries out what was planned for an editor; each file and folder changes whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scumble_installer.plugins.bundled import write_folder
from scumble_installer.plugins.moves import Move, Moves, Put, Remove, Write

_BESIDE: Final = ".scumble-"
"""Begins the folders for what is not whole yet: hidden and beside the plugin, so that they are on
the same disk and no editor looks there. One that was killed leaves its folder to the next."""


def carry_out(moves: Moves, say: Callable[[str], object]) -> None:
    """Do everything in order.

    Raises:
        OSError: A file can't be read, written or removed; what was done before stays done.
    """
    for move in moves:
        _do(move, say)


def _do(move: Move, say: Callable[[str], object]) -> None:
    if isinstance(move, Put):
        _put(move)
    elif isinstance(move, Write):
        _write(move)
    elif isinstance(move, Remove):
        _remove(move.target)
    else:
        say(move.text)


def _put(move: Put) -> None:
    target = move.target
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f"{_BESIDE}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_BESIDE, dir=target.parent) as name:
        write_folder(move.files, Path(name))
        new = Path(name).joinpath(*move.place.parts)
        old = Path(name) / "old"
        if new.is_dir() and (target.exists() or target.is_symlink()):
            # A folder can't take another's place; the old one goes with the temporary folder.
            target.rename(old)
        try:
            new.replace(target)
        except OSError:
            if old.exists() or old.is_symlink():
                old.rename(target)
            raise


def _write(move: Write) -> None:
    # The settings may lie elsewhere, with a link in their place.
    file = move.file.resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    if move.keep_as is not None:
        shutil.copy2(file, move.keep_as)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(move.content)
        unfinished.chmod(file.stat().st_mode & 0o777 if file.exists() else 0o600)
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink()
        raise


def _remove(target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
