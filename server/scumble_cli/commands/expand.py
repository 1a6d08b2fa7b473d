"""`scumble expand`: a picture file made larger, with the added space filled."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.errand import do_job, tell
from scumble_cli.outputs import result_files
from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.wishes import Wish
from scumble_protocol.choices import MaskedContent
from scumble_protocol.editor.canvas import Margins
from scumble_protocol.editor.ratios import Anchor, margins_for
from scumble_protocol.errors import ErrorCode, RequestError

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_protocol.editor.studio import Studio
    from scumble_protocol.geometry import Size


def run(arguments: Namespace) -> int:
    """Expand, write, tell.

    Raises:
        ScumbleError: Anything that can be wrong, before the first file is touched.
    """
    wish = Wish.of(arguments, strength=1.0, content=MaskedContent.FILL)
    settings = wish.checked()
    canvas = PictureCanvas.open(Path(arguments.picture))
    margins = margins_of(arguments, canvas.bounds())
    files = result_files(arguments, canvas.picture, "expanded", settings.count)

    def start(studio: Studio, model: str) -> str:
        chosen = dataclasses.replace(wish, model=model).settings(studio.models)
        return studio.expand(chosen, margins)

    def save() -> tuple[Path, ...]:
        return canvas.save_all(files, settings.count)

    done = do_job(arguments, canvas, start, save, model=wish.model)
    tell(*done, as_json=arguments.json, passed_over=wish.passed_over)
    return 0


def margins_of(arguments: Namespace, size: Size) -> Margins:
    """How much to add to a picture of this size.

    Raises:
        RequestError: Nothing, or less than nothing.
    """
    if arguments.ratio is not None:
        margins = margins_for(size, arguments.ratio, arguments.anchor or Anchor.CENTER)
    elif arguments.all is not None:
        margins = Margins(arguments.all, arguments.all, arguments.all, arguments.all)
    else:
        sides = (arguments.left, arguments.top, arguments.right, arguments.bottom)
        margins = Margins(*(side or 0 for side in sides))
    if margins == Margins():
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The picture would stay as it is, {size} pixels.",
            "Say how many pixels to add, or another ratio.",
        )
    return margins
