"""`scumble remove`: what is selected in a picture file taken away."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.errand import do_job, tell
from scumble_cli.outputs import result_files
from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.wishes import Wish
from scumble_protocol.choices import MaskedContent

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_protocol.editor.studio import Studio

LIGHT = 0.35
"""Strength of a model's pass over what was removed: it mends texture, and invents nothing."""

WITHOUT_MODEL = frozenset({"grow", "feather", "padding", "seed"})
"""What can be said of a removal that no model has a part in."""


def run(arguments: Namespace) -> int:
    """Remove, write, tell.

    Raises:
        ScumbleError: Anything that can be wrong, before the first file is touched.
    """
    wish = Wish.of(arguments, strength=LIGHT)
    wish = dataclasses.replace(wish, said={**wish.said, "content": MaskedContent.REMOVE})
    settings = wish.checked()
    asks_model = bool(wish.said.keys() - WITHOUT_MODEL - {"content"} or wish.like or wish.model)
    mask = Path(arguments.mask) if arguments.mask else None
    picture = Path(arguments.picture)
    canvas = PictureCanvas.open(picture, selection=arguments.select, mask=mask)
    files = result_files(arguments, canvas.picture, "removed", settings.count)

    def start(studio: Studio, model: str) -> str:
        if not asks_model:
            return studio.remove(settings)
        return studio.regenerate(dataclasses.replace(wish, model=model).settings(studio.models))

    def save() -> tuple[Path, ...]:
        return canvas.save_all(files, settings.count)

    done = do_job(arguments, canvas, start, save, model=wish.model)
    tell(*done, as_json=arguments.json, passed_over=wish.passed_over)
    return 0
