"""The files of controls, references and regions, put beside a picture for the studio to read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.reading import read_mask, read_picture
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect


def add_guides(canvas: PictureCanvas, settings: Settings) -> None:
    """Read every file that the settings name as a layer.

    Raises:
        RequestError: A file can't be read, or that of a control or region has not the picture's
            size.
    """
    for region in settings.regions:
        canvas.guides[region.layer] = _where_white(Path(region.layer))
    controls = {control.layer for control in settings.controls if control.layer}
    references = {reference.layer for reference in settings.references}
    for name in (controls | references) - canvas.guides.keys():
        canvas.guides[name] = read_picture(Path(name))
    for name in controls | {region.layer for region in settings.regions}:
        _check_size(name, canvas.guides[name], canvas.picture)


def _where_white(path: Path) -> Picture:
    """The picture of a region, which is as opaque as its file is bright."""
    mask = read_mask(path)
    picture = read_picture(path)
    colours = picture.read(Rect.of(picture.size))[..., :3]
    if colours.dtype == np.uint16:
        mask = mask.astype(np.uint16) * 257
    return replace(picture, samples=np.dstack([colours, mask]), profile=None)


def _check_size(name: str, guide: Picture, picture: Picture) -> None:
    if guide.size != picture.size:
        raise RequestError(
            ErrorCode.BAD_PICTURE,
            f"{name} has {guide.size} pixels.",
            f"It must have {picture.size}, like the picture.",
        )
