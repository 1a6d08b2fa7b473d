"""The layers of a result as files of their own, without the picture that they were made for."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.pictures.openraster import ORA_SUFFIX
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.wire_pixels import array_of
from scumble_protocol.editor.canvas import ResultGroup
from scumble_protocol.editor.result import result_group
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_protocol.client import Result
    from scumble_protocol.editor.canvas import Layer


def export(result: Result, folder: Path, name: str, *, as_ora: bool) -> tuple[Path, ...]:
    """Write the layers of a result; nothing that is there is replaced.

    As PNGs each layer is a file of its own size, transparent where its mask hides it. An OpenRaster
    file is as large as the canvas, and has the layers at their places.

    Args:
        result: What a job made.
        folder: Where to write; made if it is not there.
        name: What the files' names begin with.
        as_ora: Whether to write one OpenRaster file instead of PNGs.

    Returns:
        The files.

    Raises:
        RequestError: The job made no layer, or the files can't be written.
        ServerError: The disk is full.
    """
    group = result_group(result)
    if not group.layers:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "This job made no layer.",
            "Choose one that did; `scumble jobs` lists how many layers each made.",
        )
    _make(folder)
    if as_ora:
        (file,) = _free_names(folder, name, ORA_SUFFIX, 1)
        _save(file, _canvas_size(result, group), group)
        return (file,)
    files = _free_names(folder, name, ".png", len(group.layers))
    for file, layer in zip(files, group.layers, strict=True):
        alone = replace(layer, rect=Rect.of(layer.rect.size))
        _save(file, layer.rect.size, ResultGroup(group.name, (alone,)))
    return files


def _save(file: Path, size: Size, group: ResultGroup) -> None:
    canvas = PictureCanvas(_nothing(size, group.layers[0]))
    for _ in canvas.insert(group):
        pass  # a file is done at once
    canvas.save(file)


def _nothing(size: Size, layer: Layer) -> Picture:
    """A transparent picture as deep as the layer."""
    depth = array_of(layer.pixels).dtype
    return Picture(np.zeros((size.height, size.width, 4), depth))


def _canvas_size(result: Result, group: ResultGroup) -> Size:
    """As large as the canvas was; enlarged layers reach beyond it."""
    canvas: Size = getattr(result.finished.request, "canvas", Size(1, 1))
    right = max(canvas.width, *(layer.rect.right for layer in group.layers))
    bottom = max(canvas.height, *(layer.rect.bottom for layer in group.layers))
    return Size(right, bottom)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{folder} can't be made: {error.strerror or error}.",
            "Name another folder.",
        ) from error


def _free_names(folder: Path, name: str, suffix: str, number: int) -> tuple[Path, ...]:
    for first in itertools.count(1):
        files = tuple(folder / f"{name}-{first + place}{suffix}" for place in range(number))
        if not any(file.exists() for file in files):
            return files
    raise AssertionError
