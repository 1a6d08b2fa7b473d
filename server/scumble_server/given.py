"""What a regeneration is given: the picture and the selection, at the size of the result."""

from __future__ import annotations

from scumble_protocol.requests import Regenerate
from scumble_server.means import Means
from scumble_server.opencv import Mask, Picture
from scumble_server.resizing import frame_of


def given(request: Regenerate, means: Means) -> tuple[Picture, Mask]:
    """The picture to work on and what of it is to be made anew.

    The selection is turned round where what is not selected is meant. Both are brought to the
    request's target size, where what is missing is to be made anew completely.
    """
    picture, selection = means.read(request.image), means.read(request.mask)
    if request.invert:
        selection = 255 - selection
    if request.target is None:
        return picture, selection
    frame = frame_of(request)
    return frame.bring_picture(picture), frame.bring(selection) | frame.missing()
