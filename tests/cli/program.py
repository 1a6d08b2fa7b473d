"""The real program in a process of its own, for the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from tests.timing import MS

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 240_000 * MS
"""A machine that trains a model meanwhile takes a minute to start a server that imports torch."""

SIDE = 96


def environment(state: Path) -> dict[str, str]:
    """The variables of a command whose state folder is this one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCUMBLE_")}
    # No test may depend on whether this machine reaches a hub of models.
    return {**kept, "SCUMBLE_STATE": str(state), "HF_ENDPOINT": "http://127.0.0.1:1"}


def scumble(
    *arguments: str | Path,
    state: Path,
    folder: Path | None = None,
    before: Callable[[], None] | None = None,
    code: str = "from scumble_cli.__main__ import main",
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end.

    Args:
        arguments: Its arguments.
        state: Its state folder.
        folder: Where it runs.
        before: Called in the new process before the program begins.
        code: What imports `main`, for tests that change something first.
    """
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; sys.exit(main())", *map(str, arguments)],
        env=environment(state),
        cwd=folder,
        preexec_fn=before,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def sentence_of(ended: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a command that failed as it should, after checking that it is one."""
    assert ended.returncode == 1, ended
    assert "Traceback" not in ended.stderr
    told = [line for line in ended.stderr.splitlines() if line.startswith("scumble: ")]
    assert len(told) == 1, ended.stderr
    assert ended.stderr.splitlines()[-1] == told[0]
    return told[0].removeprefix("scumble: ")


def save_picture(path: Path, size: tuple[int, int] = (SIDE, SIDE), *, seed: int = 0) -> Path:
    """A noisy picture file of this width and height; gives its path."""
    shape = (size[1], size[0], 3)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, np.uint8)).save(path)
    return path


def save_mask(path: Path, size: tuple[int, int] = (SIDE, SIDE), *, value: int = 255) -> Path:
    """A mask file whose middle has this value; gives its path."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    mask[size[1] // 4 : size[1] * 3 // 4, size[0] // 4 : size[0] * 3 // 4] = value
    Image.fromarray(mask).save(path)
    return path


def samples(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The pixels of a picture file."""
    with Image.open(path) as image:
        return np.asarray(image)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its name, with what is in it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
