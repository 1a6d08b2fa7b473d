"""What the studio needs of a picture that is open in an editor; each editor implements it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from scumble_protocol.errors import ProtocolError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels


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

    def read(self, rect: Rect) -> Pixels:
        """What the painter sees there, in the format that `depth` names.

        Args:
            rect: Lies inside the canvas; only these pixels may be read.
        """
        ...

    def read_mask(self, rect: Rect) -> Pixels:
        """The selection there as `gray8`, 255 where fully selected; white if there is none."""
        ...

    def insert(self, group: ResultGroup) -> None:
        """Put the group above the active layer, as one undo step; no other layer may change."""
        ...

    def enlarge(self, size: Size, group: ResultGroup) -> None:
        """Scale the picture to `size` and put the group, which covers it, on top; one undo step."""
        ...
