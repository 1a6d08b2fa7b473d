"""`scumble regenerate`: a selection of a picture file made anew."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.errand import do_job, tell
from scumble_cli.outputs import Destination, result_files
from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.pictures.guides import add_guides
from scumble_cli.pictures.writing import check_writable
from scumble_cli.wishes import Wish

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_protocol.editor.studio import Studio


def run(arguments: Namespace) -> int:
    """Regenerate, write, tell.

    Raises:
        ScumbleError: Anything that can be wrong, before the first file is touched.
    """
    wish = Wish.of(arguments)
    settings = wish.checked()  # refuses illegal values before a server is started for them
    picture = Path(arguments.picture)
    mask = Path(arguments.mask) if arguments.mask else None
    canvas = PictureCanvas.open(picture, selection=arguments.select, mask=mask)
    add_guides(canvas, settings)
    if arguments.show_mask:
        return _show_mask(arguments, canvas, wish)
    files = result_files(arguments, canvas.picture, "scumble", settings.count)

    def start(studio: Studio, model: str) -> str:
        return studio.regenerate(dataclasses.replace(wish, model=model).settings(studio.models))

    def save() -> tuple[Path, ...]:
        return canvas.save_all(files, settings.count)

    done = do_job(arguments, canvas, start, save, model=wish.model)
    tell(*done, as_json=arguments.json, passed_over=wish.passed_over)
    return 0


def _show_mask(arguments: Namespace, canvas: PictureCanvas, wish: Wish) -> int:
    destination = Destination(
        Path(arguments.picture), Path(arguments.show_mask), "mask", arguments.overwrite
    )
    files = destination.files(1)
    check_writable(files[0], canvas.picture)

    def start(studio: Studio, model: str) -> str:
        return studio.show_mask(dataclasses.replace(wish, model=model).settings(studio.models))

    def save() -> tuple[Path, ...]:
        return canvas.save_all(files, 1)

    done = do_job(arguments, canvas, start, save, model=wish.model)
    tell(*done, as_json=arguments.json)
    return 0
