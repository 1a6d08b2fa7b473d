"""How far a canvas is to be expanded for a ratio of its sides."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from scumble_protocol.editor.canvas import Margins
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Size


@dataclass(frozen=True)
class Ratio:
    """How wide a picture is for its height; both numbers are above 0."""

    width: float
    height: float

    def __post_init__(self) -> None:
        if not (0 < self.width < math.inf and 0 < self.height < math.inf):
            raise _no_ratio(str(self))

    def __str__(self) -> str:
        return f"{self.width:g}:{self.height:g}"

    @classmethod
    def of(cls, text: str) -> Ratio:
        """The ratio in a text like `16:9`.

        Raises:
            RequestError: It is none.
        """
        width, _, height = text.replace("/", ":").partition(":")
        try:
            return cls(float(width), float(height))
        except ValueError as error:
            raise _no_ratio(text) from error


PRESETS = tuple(
    Ratio(width, height)
    for width, height in ((1, 1), (4, 3), (3, 2), (16, 9), (21, 9), (3, 4), (2, 3), (9, 16))
)
"""What cameras, screens and printers have."""


class Anchor(str, enum.Enum):
    """Which place of the old canvas keeps its place in the new one."""

    CENTER = "center"
    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"
    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"

    def __str__(self) -> str:
        return self.value


def margins_for(size: Size, ratio: Ratio, anchor: Anchor = Anchor.CENTER) -> Margins:
    """The least that has to be added for a ratio; nothing where the canvas has it already.

    Args:
        size: The canvas as it is.
        ratio: What it is to have, to the pixel.
        anchor: Where the old canvas lies in the new one.
    """
    width = max(size.width, round(size.height * ratio.width / ratio.height))
    height = max(size.height, round(size.width * ratio.height / ratio.width))
    left, right = _shared(width - size.width, anchor, Anchor.LEFT, Anchor.RIGHT)
    top, bottom = _shared(height - size.height, anchor, Anchor.TOP, Anchor.BOTTOM)
    return Margins(left, top, right, bottom)


def _shared(added: int, anchor: Anchor, start: Anchor, end: Anchor) -> tuple[int, int]:
    """What is added before and after; an anchor at one end has all of it at the other."""
    named = anchor.value.split("_")
    if start.value in named:
        return 0, added
    if end.value in named:
        return added, 0
    return added // 2, added - added // 2


def _no_ratio(text: str) -> RequestError:
    return RequestError(
        ErrorCode.INVALID_VALUE,
        f"{text!r} is no ratio.",
        "Write two numbers above 0, for instance 16:9.",
    )
