"""What a regeneration is given: the picture and the selection, at the size of the result."""

from __future__ import annotations

from dataclasses import replace

from scumble_protocol.choices import ResizeMode
from scumble_protocol.requests import Regenerate
from scumble_server.pixels.crop import Crop
from scumble_server.pixels.opencv import Mask, Picture
from scumble_server.pixels.prepare import prepare
from scumble_server.pixels.resizing import frame_of
from scumble_server.spec import ModelSpec
from scumble_server.work.means import Means


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


def with_latents(crop: Crop, request: Regenerate, spec: ModelSpec, means: Means) -> Crop:
    """The crop with the picture at its old size, where the request asks to resize latents."""
    if request.target is None or request.resize is not ResizeMode.LATENT:
        return crop
    before = replace(request, target=None)
    return replace(crop, latents_from=prepare(before, *given(before, means), spec, means.report))
