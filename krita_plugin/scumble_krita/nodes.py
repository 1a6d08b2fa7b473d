"""Finding one's way in a document's tree of layers.

Nodes are found again by their ids whenever they are needed: what Krita hands out for one may go
stale when the painter works on.
"""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from krita import Document, Node
from scumble_krita.qt import QtCore


class Place(NamedTuple):
    """Where a new layer goes: into `parent`, right above `below`; that is None at the bottom."""

    parent: Node
    below: Node | None


def id_of(node: Node) -> str:
    """What tells a node from all others; it is saved with the document."""
    return str(node.uniqueId().toString())


def find(document: Document, node: str) -> Node | None:
    """The node of this id, or None if it is not in the document (any longer)."""
    return document.nodeByUniqueID(QtCore.QUuid(node))


def active_layer(document: Document) -> Node | None:
    """The active layer, or that of the active mask; None for a mask of the whole document."""
    node = document.activeNode()
    while node is not None and node.type().endswith("mask"):
        node = node.parentNode()
    return None if node is None or node.parentNode() is None else node


def active_id(document: Document) -> str:
    """The id of the active node; empty if there is none."""
    node = document.activeNode()
    return "" if node is None else id_of(node)


def activate(document: Document, node: str, *, instead_of: str) -> None:
    """Make a new node the active one, unless the painter has chosen another meanwhile.

    Krita ignores this while it does not know the node well enough, which takes it some turns of the
    event loop; so it is to be called in each of them.
    """
    if active_id(document) == instead_of and (found := find(document, node)):
        document.setActiveNode(found)


def above_active(document: Document, results: Container[str]) -> Place:
    """Right above the active layer, but never inside one of these groups: they get hidden.

    Nor inside a group that is hidden, like one of layers that only show where regions are: what
    comes there would not be seen.
    """
    below = active_layer(document)
    if below is None:
        return on_top(document)
    parent = node = below.parentNode()
    while node is not None:
        if id_of(node) in results or not node.visible():
            below, parent = node, node.parentNode()
        node = node.parentNode()
    return Place(parent or document.rootNode(), below)


def on_top(document: Document) -> Place:
    """Above all layers, under the masks of the whole document."""
    layers = [node for node in document.topLevelNodes() if not node.type().endswith("mask")]
    return Place(document.rootNode(), layers[-1] if layers else None)
