"""`scumble upscale`: a picture file enlarged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.errand import do_job, tell
from scumble_cli.outputs import Destination
from scumble_cli.picture_canvas import PictureCanvas
from scumble_cli.picture_writing import check_writable

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_protocol.editor.studio import Studio


def run(arguments: Namespace) -> int:
    """Upscale, write, tell.

    Raises:
        ScumbleError: Anything that can be wrong, before the first file is touched.
    """
    picture = Path(arguments.picture)
    canvas = PictureCanvas.open(picture)
    asked = Path(arguments.out) if arguments.out else None
    files = Destination(picture, asked, "upscaled", arguments.overwrite).files(1)
    check_writable(files[0], canvas.picture)

    def save() -> tuple[Path, ...]:
        canvas.save(files[0])
        return files

    def start(studio: Studio) -> str:
        return studio.upscale(arguments.scale, arguments.model or "")

    tell(*do_job(arguments, canvas, start, save), as_json=arguments.json)
    return 0
