"""Guides as a model works with them: prepared for a working picture, and cut with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import AREA, LINEAR, Array, Floats

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_protocol.geometry import Rect, Size
    from scumble_protocol.guides import ControlKind, ReferenceKind
    from scumble_server.control.addition import Addition, ControlNetwork, ReferenceNetwork


@dataclass(frozen=True)
class Influence:
    """How strongly and when a guide counts.

    Args:
        weight: 0 to 2.
        start: From which part of the steps on, 0 to 1.
        end: Up to which part of the steps, `start` to 1.
    """

    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0

    def holds(self, evaluation: int, evaluations: int) -> bool:
        """Whether it counts in that evaluation of so many: if all of it lies in the range."""
        return self.weight != 0 and (
            evaluation / evaluations >= self.start and (evaluation + 1) / evaluations <= self.end
        )


@dataclass(frozen=True, eq=False)
class ControlGuide:
    """A control picture and the network that reads it.

    Args:
        kind: What it holds the result to.
        picture: float32 (working height, working width, 3), RGB from 0 to 1 as the published
            ControlNets of its kind were trained; of `INPAINT` -1 in all channels where hidden.
        network: The ControlNet.
        influence: How strongly and when it counts.
    """

    kind: ControlKind
    picture: Floats
    network: ControlNetwork
    influence: Influence


@dataclass(frozen=True, eq=False)
class ReferenceGuide:
    """A reference picture and the adapter that reads it.

    Args:
        kind: What is taken from it.
        picture: float32 (height, width, 3), RGB from 0 to 1, at its own size.
        network: The IP-Adapter.
        encoder: The image encoder that it was trained with.
        influence: How strongly and when it counts.
    """

    kind: ReferenceKind
    picture: Floats
    network: ReferenceNetwork
    encoder: Addition
    influence: Influence


@dataclass(frozen=True, eq=False)
class Guides:
    """All that guides a model over one working picture.

    Args:
        controls: Whose pictures have the working size.
        references: Whose pictures have sizes of their own.
        regions: For each region of the request, in its order, where it holds: float32 (working
            height, working width), 0 to 1. The prompts are the request's.
    """

    controls: tuple[ControlGuide, ...] = ()
    references: tuple[ReferenceGuide, ...] = ()
    regions: tuple[Floats, ...] = ()

    def cut(self, area: Rect) -> Guides:
        """The guides of a part of the working picture, which lies inside it."""
        rows = np.s_[area.y : area.bottom, area.x : area.right]
        return self._changed(lambda picture: picture[rows])

    def resized(self, size: Size) -> Guides:
        """The guides of the working picture at another size."""
        return self._changed(lambda picture: resized(picture, size))

    def extended(self, right: int, below: int) -> Guides:
        """The guides with the last column and row repeated that many times."""
        return self._changed(lambda picture: opencv.extended(picture, right, below))

    def _changed(self, change: Callable[[Floats], Floats]) -> Guides:
        controls = tuple(
            replace(control, picture=change(control.picture)) for control in self.controls
        )
        return replace(
            self, controls=controls, regions=tuple(change(region) for region in self.regions)
        )


NO_GUIDES = Guides()


def resized(picture: Array, size: Size) -> Array:
    """A picture or mask at another size; no value leaves the range that it had."""
    height, width = picture.shape[:2]
    if (width, height) == (size.width, size.height):
        return picture
    shrinks = size.width < width or size.height < height
    return opencv.resized(picture, size.width, size.height, AREA if shrinks else LINEAR)
