"""How large a document is, and where something is selected."""

from __future__ import annotations

from krita import Document
from scumble_protocol.geometry import Rect, Size


class Glance:
    """A document as it can be looked at again and again: Krita is never waited for.

    Args:
        document: The document.
    """

    def __init__(self, document: Document) -> None:
        self._document = document

    def bounds(self) -> Size:
        """The size of the canvas."""
        return Size(self._document.width(), self._document.height())

    def selection(self) -> Rect | None:
        """The bounds of the selection on the canvas; the whole canvas if there is none."""
        return selected_rect(self._document)


def selected_rect(document: Document) -> Rect | None:
    """Where a document has something selected; None for nowhere, all of it without a selection."""
    canvas = Rect(0, 0, document.width(), document.height())
    selection = document.selection()
    if selection is None:
        return canvas
    if selection.width() < 1 or selection.height() < 1:
        return None
    # It may reach beyond the canvas, or lie beside it.
    selected = Rect(selection.x(), selection.y(), selection.width(), selection.height())
    return selected.intersect(canvas)
