"""An expansion of the canvas that waits for its result, so that both are one undo step."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from scumble_gimp.host import Gimp
from scumble_gimp.seeing import rect_of
from scumble_protocol.editor.canvas import Margins, ResultGroup
from scumble_protocol.geometry import Size

EXPANSION: Final = "scumble-expansion"
"""The name of the parasite on an image; its data are the margins as JSON.

It belongs to the image as long as that is open, so that it outlives this program; files don't keep
it, and neither does the undo history.
"""


def plan(image: Gimp.Image, margins: Margins) -> None:
    """Remember how the canvas is to be expanded once the result is there."""
    data = json.dumps(asdict(margins)).encode()
    image.attach_parasite(Gimp.Parasite.new(EXPANSION, 0, data))


def planned(image: Gimp.Image, group: ResultGroup) -> Margins | None:
    """How to expand the canvas for a result that was made for a larger one; None if it was not."""
    canvas = _canvas_of(group)
    parasite = image.get_parasite(EXPANSION)
    present = rect_of(image).size
    if canvas is None or canvas == present or parasite is None:
        return None
    margins = Margins(**json.loads(bytes(parasite.get_data())))
    return margins if margins.around(present) == canvas else None


def carried_out(image: Gimp.Image) -> None:
    """Forget what was planned."""
    image.detach_parasite(EXPANSION)


def _canvas_of(group: ResultGroup) -> Size | None:
    """The size of the canvas that the request was for."""
    try:
        return Size(**json.loads(group.layers[0].request_json)["canvas"])
    except (ValueError, TypeError, KeyError):
        return None
