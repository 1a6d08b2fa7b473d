"""Paints many pictures at once in several processes and keeps them in the work folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from .objects import DrawnSprites, EmojiSprites, SpriteSource
from .scenes import Facts, Painter

Painted = TypeVar("Painted")

CHUNK = 200
"""Pictures that one process paints at a time."""


def sprites(kind: str, work: Path) -> SpriteSource:
    """The emoji of the work folder or, for `drawn`, shapes that need no download."""
    return DrawnSprites() if kind == "drawn" else EmojiSprites(work)


def painter(kind: str, work: Path, side: int) -> Painter:
    """Makes a painter with those sprites."""
    return Painter(sprites(kind, work), side)


def clutter(painted_by: Painter, count: int, workers: int) -> NDArray[np.uint8]:
    """Paints what the autoencoder learns from: count x side x side x 3."""
    pixels = np.empty((count, painted_by.side, painted_by.side, 3), np.uint8)
    for start, part in _spread(partial(_clutter, painted_by), count, workers):
        pixels[start : start + len(part)] = part
    return pixels


def scenes(
    painted_by: Painter, first_seed: int, count: int, workers: int
) -> Iterator[tuple[NDArray[np.uint8], list[Facts]]]:
    """Paints the scenes of the seeds from `first_seed` on, chunk by chunk and in order."""
    for _, (pixels, facts) in _spread(partial(_scenes, painted_by, first_seed), count, workers):
        yield pixels, facts


def write_clutter(path: Path, painted_by: Painter, count: int, workers: int) -> None:
    """Keeps the autoencoder's pictures as an .npy file, unless it is there already."""
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial_path = path.with_suffix(".partial")
    shape = (count, painted_by.side, painted_by.side, 3)
    kept = open_memmap(partial_path, mode="w+", dtype=np.uint8, shape=shape)
    kept[:] = clutter(painted_by, count, workers)
    kept.flush()
    partial_path.replace(path)


def _spread(
    paint: Callable[[int, int], Painted], count: int, workers: int
) -> Iterator[tuple[int, Painted]]:
    """Calls `paint(start, size)` for chunk after chunk; yields the start and what was painted."""
    starts = range(0, count, CHUNK)
    sizes = [min(CHUNK, count - start) for start in starts]
    if workers < 2 or count <= CHUNK:
        for start, size in zip(starts, sizes, strict=True):
            yield start, paint(start, size)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as processes:
        yield from zip(starts, processes.map(paint, starts, sizes), strict=True)


def _clutter(painted_by: Painter, start: int, size: int) -> NDArray[np.uint8]:
    return np.stack([painted_by.clutter(seed) for seed in range(start, start + size)])


def _scenes(
    painted_by: Painter, first_seed: int, start: int, size: int
) -> tuple[NDArray[np.uint8], list[Facts]]:
    made = [painted_by.scene(first_seed + seed) for seed in range(start, start + size)]
    return np.stack([scene.pixels for scene in made]), [scene.facts for scene in made]
