"""What the studio needs of a picture that is open in an editor; each editor implements it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from scumble_protocol.errors import ErrorCode, ProtocolError, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels

Snapshot = Callable[[], Pixels]
"""Pixels as they were when it was made; calling it, on any thread, brings them into form."""

Work = Iterator[None]
"""A change to a canvas in portions of some milliseconds, so that the editor never stalls.

It is done when the iterator ends. Between two portions the editor's event loop turns.
"""


class Source(str, enum.Enum):
    """What of a picture a job gets to see."""

    VISIBLE = "visible"
    """What the painter sees, merged."""
    WITHOUT_RESULTS = "without_results"
    """The same without the layers that Scumble made."""
    ACTIVE_LAYER = "active_layer"
    """The active layer alone."""


@dataclass(frozen=True)
class Layer:
    """A result layer, ready to be put into the picture.

    Args:
        name: The layer's name.
        rect: Where it goes, in canvas pixels.
        pixels: Its pixels, `rgba8` or `rgba16`, straight alpha, sRGB, of the rectangle's size.
        mask: Its layer mask, `gray8`, of the same size; 0 hides the layer there.
        visible: Whether it is shown at first.
        request_json: The complete request that made it (see `record`), to be kept with the layer.

    Raises:
        ProtocolError: Pixels or mask do not fit the rectangle, or the mask is not `gray8`.
    """

    name: str
    rect: Rect
    pixels: Pixels
    mask: Pixels
    visible: bool
    request_json: str

    def __post_init__(self) -> None:
        if not self.pixels.size == self.mask.size == self.rect.size:
            raise ProtocolError("A result layer, its mask and its rectangle differ in size.")
        if self.mask.format is not PixelFormat.GRAY8 or self.pixels.format is PixelFormat.GRAY8:
            raise ProtocolError("A result layer needs colour pixels and a grey mask.")


@dataclass(frozen=True)
class ResultGroup:
    """What one job made: a group of layers, the first on top; each masks itself."""

    name: str
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Margins:
    """How much is added to each side of a canvas, in pixels, 0 or more."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def __post_init__(self) -> None:
        if min(self.left, self.top, self.right, self.bottom) < 0:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                "A canvas can't be expanded by less than nothing.",
                "Enter how many pixels to add to each side, 0 or more.",
            )

    def around(self, size: Size) -> Size:
        """The size of a canvas after it was expanded."""
        return Size(size.width + self.left + self.right, size.height + self.top + self.bottom)


@dataclass(frozen=True)
class LayerInfo:
    """A layer of the picture, as a painter knows it.

    Args:
        id: What tells it from all others of the picture; stays the same while the picture is open.
        name: What the painter calls it.
        bounds: Where it has something, in canvas pixels, clipped to the canvas; None for nowhere.
        group: The id of the group that it lies in; empty for the topmost level.
        is_group: Whether it is a group.
    """

    id: str
    name: str
    bounds: Rect | None
    group: str = ""
    is_group: bool = False


class Canvas(Protocol):
    """A picture that is open in an editor. All rectangles and sizes are in canvas pixels.

    Every method is called on the thread that calls the studio (the editor's GUI thread). A method
    that can't do its work raises a `ScumbleError` with a sentence for the painter.
    """

    def bounds(self) -> Size:
        """The size of the canvas."""
        ...

    def depth(self) -> PixelFormat:
        """`rgba8`, or `rgba16` for every document with more than 8 bits a sample."""
        ...

    def selection(self) -> Rect | None:
        """The bounds of what is selected, clipped to the canvas.

        The whole canvas if the editor has no selection at all; None if there is a selection but it
        selects nothing of the canvas.
        """
        ...

    def read(self, rect: Rect, source: Source) -> Snapshot:
        """What is there now, in the format that `depth` names; never a preview of a running job.

        Args:
            rect: Lies inside the canvas; only these pixels may be read.
            source: Which layers count.
        """
        ...

    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers from top to bottom, each group before what lies in it, without masks."""
        ...

    def read_layer(self, layer: str, rect: Rect) -> Snapshot:
        """What one layer (all of a group) has there, shown or not, in the format of `depth`.

        Args:
            layer: Its `LayerInfo.id`.
            rect: Lies inside the canvas; transparent where the layer has nothing.

        Raises:
            RequestError: The layer is gone.
        """
        ...

    def read_mask(self, rect: Rect) -> Pixels:
        """The selection there as `gray8`, 255 where fully selected; white if there is none."""
        ...

    def insert(self, group: ResultGroup) -> Work:
        """Put the group above the active layer, as one undo step; no other layer may change.

        An error may come from any portion; what was begun is then taken away again.
        """
        ...

    def enlarge(self, size: Size, group: ResultGroup) -> Work:
        """Scale the picture to `size` and put the group, which covers it, on top; one undo step."""
        ...

    def expand(self, margins: Margins) -> None:
        """Add empty space to the sides of the canvas; layers keep their place in the picture."""
        ...
