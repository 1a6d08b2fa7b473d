"""Which part of the canvas a job needs to see."""

from __future__ import annotations

from scumble_protocol.geometry import Rect, Size


def choose_context(
    selection: Rect, canvas: Size, *, grow: int, feather: int, padding: int, native_side: int
) -> Rect:
    """The rectangle of the canvas to send for a selection.

    Args:
        selection: The bounds of the selection; inside the canvas.
        canvas: The size of the canvas.
        grow: Pixels by which the mask will be dilated, at least 0.
        feather: Width of the mask's soft rim in pixels, at least 0.
        padding: Pixels around the mask that the model should see as well, at least 0.
        native_side: The side at which the model works best, in pixels; 0 for any.

    Returns:
        The selection grown by `grow + feather + padding`, each side at least `native_side`. At the
        edge of the canvas the rectangle is shifted rather than shrunk; it is smaller only where the
        canvas is. It lies inside the canvas and contains the selection.
    """
    wanted = selection.grow(grow + feather + padding)
    left, right = _span(wanted.x, wanted.right, canvas.width, native_side)
    top, bottom = _span(wanted.y, wanted.bottom, canvas.height, native_side)
    return Rect.edges(left, top, right, bottom)


def _span(start: int, end: int, available: int, least: int) -> tuple[int, int]:
    length = min(max(end - start, least), available)
    start -= (length - (end - start)) // 2
    start = min(max(start, 0), available - length)
    return start, start + length
