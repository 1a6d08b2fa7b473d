"""`scumble demo`: a selection of a sample picture made anew, as an editor would have it done."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scumble_cli.errand import do_job, tell
from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.reading import read_picture
from scumble_cli.pictures.wire_pixels import array_of
from scumble_cli.pictures.writing import write_picture
from scumble_cli.terminal import say
from scumble_cli.wishes import Wish
from scumble_protocol.errors import ErrorCode, RequestError

if TYPE_CHECKING:
    from argparse import Namespace

    from numpy.typing import NDArray

    from scumble_protocol.editor.studio import Studio
    from scumble_protocol.geometry import Rect, Size

SAMPLE = Path(__file__).parent.parent / "sample" / "coffee.jpg"
PROMPT = "a cookie on a wooden table"
CENTRE = (515, 95)
RADIUS = 72
"""The selection, a disc on the table beside the cup, in pixels of the sample picture."""

# The starter makes one thing that fills its picture, so it sees hardly more than the selection.
WISH = Wish(said={"prompt": PROMPT, "strength": 1.0, "seed": 9, "padding": 0})


def run(arguments: Namespace) -> int:
    """Make the four files and say what they are.

    Raises:
        ScumbleError: The job failed, or the folder can't be written to.
    """
    began = time.monotonic()
    folder = _made(Path(arguments.out))
    picture = read_picture(SAMPLE)
    canvas = PictureCanvas(picture, mask=disc(picture.size))

    def start(studio: Studio, _model: str) -> str:
        return studio.regenerate(WISH.settings(studio.models))

    def save() -> tuple[Path, ...]:
        files = {
            name: folder / name for name in ("before.png", "mask.png", "after.png", "demo.ora")
        }
        write_picture(files["before.png"], picture)
        write_picture(files["mask.png"], shown_mask(canvas))
        canvas.save(files["after.png"])
        canvas.save(files["demo.ora"])
        return tuple(files.values())

    if not arguments.json:
        say(f"A disc on the table of {SAMPLE.name} becomes “{PROMPT}”.")
    finished, files = do_job(arguments, canvas, start, save)
    tell(finished, files, as_json=arguments.json)
    if not arguments.json:
        _say_what_next(folder, time.monotonic() - began)
    return 0


def disc(size: Size) -> NDArray[np.uint8]:
    """The selection as grey values, (height, width)."""
    rows, columns = np.ogrid[: size.height, : size.width]
    distance = np.hypot(columns - CENTRE[0], rows - CENTRE[1])
    grey: NDArray[np.uint8] = np.where(distance <= RADIUS, np.uint8(255), np.uint8(0))
    return grey


def shown_mask(canvas: PictureCanvas) -> Picture:
    """The mask of the result's layer, over the whole canvas: where it is black, nothing changed."""
    size = canvas.bounds()
    grey = np.zeros((size.height, size.width, 1), np.uint8)
    layer = canvas.groups[0].layers[0]
    grey[_area(layer.rect)] = array_of(layer.mask)
    return Picture(grey)


def _area(rect: Rect) -> tuple[slice, slice]:
    return slice(rect.y, rect.bottom), slice(rect.x, rect.right)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The folder {folder} can't be made: {error.strerror}.",
            "Name another with --out.",
        ) from error
    return folder


def _say_what_next(folder: Path, seconds: float) -> None:
    say(f"Altogether {seconds:.1f} s. The file demo.ora opens in Krita and GIMP.")
    say("")
    say("Next, another picture from another seed; then the server for Krita and GIMP:")
    program = _own_name()
    command = f"{program} regenerate {folder / 'before.png'} --mask {folder / 'mask.png'}"
    say(f'  {command} --prompt "{PROMPT}" --strength 1 --padding 0')
    say(f"  {program} serve")


def _own_name() -> str:
    """How to start this program again: by its name where that is enough, else by its path."""
    path = Path(sys.argv[0])
    is_found = shutil.which("scumble") is not None
    return "scumble" if is_found or path.name != "scumble" else os.path.relpath(path)
