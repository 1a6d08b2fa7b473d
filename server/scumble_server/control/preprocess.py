"""From a picture to the control picture that a ControlNet reads.

All are float32 (height, width, 3), RGB from 0 to 1, of the picture's size, as the published
ControlNets for Stable Diffusion were trained: lines white on black, near white and far black,
normals with red to the left, green up and blue to the viewer, ADE20K's colours for segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np

from scumble_protocol.guides import ControlKind
from scumble_server.control import edges
from scumble_server.control.addition import Box, Preprocessor
from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import Floats

HIDDEN = 0.5
"""From this local strength on, an inpaint control is not shown the picture."""

_NETWORKS = {
    ControlKind.DEPTH: "depth",
    ControlKind.NORMAL: "depth",
    ControlKind.SEGMENTATION: "segmentation",
    ControlKind.POSE: "pose",
}
"""What a trained network has to tell to make control pictures of a kind."""
_BLUR = 1 / 64
"""Standard deviation of a blur control, as a share of the picture's shorter side."""
_RELIEF = 0.5
"""How far the nearest thing stands before the farthest, in shorter sides of the picture."""


def network_for(kind: ControlKind) -> str:
    """What a trained network has to tell to make control pictures of a kind; empty for none."""
    return _NETWORKS.get(kind, "")


def preprocessed(
    kind: ControlKind,
    picture: Floats,
    coverage: Floats | None,
    network: Preprocessor | None,
    people: Sequence[Box] = (),
) -> Floats:
    """The control picture of a kind; `INPAINT` and `TILE` take the picture as it is.

    Args:
        kind: What the control picture is to show.
        picture: float32 (height, width, 3), RGB from 0 to 1, opaque.
        coverage: How opaque the layer was, (height, width), if it was transparent anywhere.
        network: Of the kind that `network_for` says, else None.
        people: Where people are, for `POSE`; none where that is not known.
    """
    if network is not None:
        made = network.read(picture, people)
        return normals(made[..., 0]) if kind is ControlKind.NORMAL else made
    if kind is ControlKind.BLUR:
        return opencv.gaussian_blurred(picture, max(1.0, min(picture.shape[:2]) * _BLUR))
    drawn = _drawn(kind, picture, coverage)
    return picture if drawn is None else np.repeat(drawn[..., None], 3, axis=2)


def hidden(picture: Floats, denoise: Floats) -> Floats:
    """The picture of an inpaint control: -1 in all channels where something is to be made."""
    return np.where(denoise[..., None] >= HIDDEN, np.float32(-1), picture)


def normals(near: Floats) -> Floats:
    """A normal map from a depth map (height, width) whose near things are 1 and far ones 0."""
    relief = near * (_RELIEF * min(near.shape))
    across = cast("Floats", cv2.Scharr(relief, cv2.CV_32F, 1, 0, scale=1 / 32))
    down = cast("Floats", cv2.Scharr(relief, cv2.CV_32F, 0, 1, scale=1 / 32))
    # A surface that comes nearer to the right looks left; one that comes nearer below looks up.
    facing = np.dstack([across, down, np.ones_like(near)])
    length = np.linalg.norm(facing, axis=2, keepdims=True)
    return cast("Floats", (facing / length * 0.5 + 0.5).astype(np.float32))


def _drawn(kind: ControlKind, picture: Floats, coverage: Floats | None) -> Floats | None:
    """The lines (height, width) of a kind that is made of lines."""
    if kind is ControlKind.CANNY:
        return edges.canny(picture)
    if kind is ControlKind.SOFT_EDGE:
        return edges.soft_edges(picture)
    if kind is ControlKind.SCRIBBLE:
        return edges.scribble(picture, coverage)
    return edges.lineart(picture, coverage) if kind is ControlKind.LINEART else None
