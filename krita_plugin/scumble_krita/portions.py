"""Cutting a rectangle into strips that are done within one portion."""

from __future__ import annotations

from collections.abc import Iterator

from scumble_protocol.geometry import Rect


def strips(rect: Rect, pixels: int) -> Iterator[Rect]:
    """The rectangle from top to bottom in whole rows, each strip of about so many pixels."""
    height = max(1, pixels // rect.width)
    for y in range(rect.y, rect.bottom, height):
        yield Rect.edges(rect.x, y, rect.right, min(y + height, rect.bottom))
