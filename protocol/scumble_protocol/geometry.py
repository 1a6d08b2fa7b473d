"""Sizes and rectangles on the canvas, in whole pixels, y down."""

from __future__ import annotations

from dataclasses import dataclass

from scumble_protocol.errors import ErrorCode, RequestError

MAX_SIDE = 2**20
"""The longest side of any canvas, in pixels; editors stop well before."""

MAX_OFFSET = 2**30
"""The farthest from the canvas's corner that anything lies, in pixels."""


@dataclass(frozen=True)
class Size:
    """A size in pixels.

    Args:
        width: 1 to 2**20.
        height: 1 to 2**20.
    """

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"A size of {self} pixels is empty.",
                "Both sides must be at least 1.",
            )
        if max(self.width, self.height) > MAX_SIDE:
            raise RequestError(
                ErrorCode.TOO_LARGE,
                f"{self} pixels are too many.",
                f"A side may have {MAX_SIDE} at most.",
            )

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"  # noqa: RUF001 (a multiplication sign is meant)

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return self.width * self.height


@dataclass(frozen=True)
class Rect:
    """A rectangle that is not empty, in pixels.

    Args:
        x: The left edge, -2**30 to 2**30.
        y: The top edge, -2**30 to 2**30.
        width: 1 to 2**20.
        height: 1 to 2**20.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        Size(self.width, self.height)
        if max(abs(self.x), abs(self.y)) > MAX_OFFSET:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"A place at ({self.x}, {self.y}) is too far from the canvas.",
                "Select something inside the picture.",
            )

    @property
    def size(self) -> Size:
        """Width and height."""
        return Size(self.width, self.height)

    @property
    def right(self) -> int:
        """The first column right of the rectangle."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below the rectangle."""
        return self.y + self.height

    @classmethod
    def of(cls, size: Size) -> Rect:
        """The rectangle of a whole picture of this size."""
        return cls(0, 0, size.width, size.height)

    @classmethod
    def edges(cls, left: int, top: int, right: int, bottom: int) -> Rect:
        """The rectangle between these edges; `right` and `bottom` are exclusive."""
        return cls(left, top, right - left, bottom - top)

    def intersect(self, other: Rect) -> Rect | None:
        """What both cover, or None."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect.edges(left, top, right, bottom) if left < right and top < bottom else None

    def contains(self, other: Rect) -> bool:
        """Whether the other lies wholly inside."""
        return self.intersect(other) == other

    def grow(self, pixels: int) -> Rect:
        """The rectangle with every edge moved outwards by `pixels` (at least 0)."""
        return Rect(
            self.x - pixels, self.y - pixels, self.width + 2 * pixels, self.height + 2 * pixels
        )

    def moved(self, dx: int, dy: int) -> Rect:
        """The rectangle shifted by (dx, dy)."""
        return Rect(self.x + dx, self.y + dy, self.width, self.height)
