"""The layers of a document, as a painter knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krita import Document, Node
from scumble_krita.nodes import id_of
from scumble_protocol.editor.canvas import LayerInfo
from scumble_protocol.geometry import Rect

_WITHOUT_PICTURE: Final = frozenset({"filterlayer", "filllayer"})
"""Layers that have no picture of their own: they change what is below, or fill everything."""


def layer_infos(document: Document, canvas: Rect | None = None) -> Iterator[LayerInfo]:
    """The layers from top to bottom, each group before what lies in it, without masks.

    Args:
        document: The document.
        canvas: What to clip their bounds to; without it, bounds are not looked for, which takes
            Krita some milliseconds for a large layer.
    """
    return _below(document.topLevelNodes(), "", canvas)


def _below(nodes: list[Node], group: str, canvas: Rect | None) -> Iterator[LayerInfo]:
    for node in reversed(nodes):
        kind = node.type()
        if kind.endswith("mask") or kind in _WITHOUT_PICTURE:
            continue
        is_group = kind == "grouplayer"
        bounds = _bounds(node, canvas) if canvas else None
        yield LayerInfo(id_of(node), node.name(), bounds, group, is_group)
        if is_group:
            yield from _below(node.childNodes(), id_of(node), canvas)


def _bounds(node: Node, canvas: Rect) -> Rect | None:
    """Where a node has something on the canvas; None for nowhere."""
    box = node.bounds()
    if box.isEmpty():
        return None
    return Rect(box.x(), box.y(), box.width(), box.height()).intersect(canvas)
