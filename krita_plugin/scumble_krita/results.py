"""The groups of results in a document: who they are, and which of them are shown."""

from __future__ import annotations

from krita import Document, Node
from scumble_krita.nodes import find
from scumble_krita.placing import NewGroup
from scumble_krita.qt import QtCore
from scumble_krita.records import Record, read_records
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.errors import ErrorCode, RequestError


class Results:
    """The groups of one document; it comes with every call, since it may be closed at any time."""

    def __init__(self) -> None:
        # Those that were made since the document was opened, by their ids.
        self._made: dict[str, NewGroup] = {}

    def add(self, document: Document, new: NewGroup) -> None:
        """There is a new group in the document."""
        # Those that are gone would keep their pixels in memory.
        self._made = {group: made for group, made in self._made.items() if find(document, group)}
        self._made[new.id] = new

    def variations(self, document: Document) -> tuple[Variation, ...]:
        """All result layers, the newest group first."""
        self._show_redone(document)
        return tuple(
            Variation(record.group, layer, node.name(), node.visible(), request)
            for record in read_records(document)
            for layer, request in record.requests.items()
            if (node := find(document, layer))
        )

    def show(self, document: Document, variation: Variation) -> None:
        """Make it the only visible layer of its group."""
        layer_of(document, variation)
        self._show(document, variation, hidden=[])

    def keep(self, document: Document, variation: Variation) -> None:
        """The same, and hide all other groups that lie over the same place."""
        place = layer_of(document, variation).bounds()
        others = [
            record.group
            for record in read_records(document)
            if record.group != variation.group
            and any(place.intersects(bounds) for bounds in _places(document, record))
        ]
        self._show(document, variation, hidden=others)

    def _show(self, document: Document, variation: Variation, *, hidden: list[str]) -> None:
        visible = {variation.group: True, **dict.fromkeys(hidden, False)}
        for record in read_records(document):
            if record.group == variation.group:
                visible |= {layer: layer == variation.layer for layer in record.requests}
        for id_, is_visible in visible.items():
            if node := find(document, id_):
                node.setVisible(is_visible)
        self._show_anew(document, [variation.group, *hidden])
        document.setModified(True)

    def _show_anew(self, document: Document, groups: list[str]) -> None:
        if all(group in self._made for group in groups):
            for group in groups:
                self._made[group].show_anew()
        else:
            # Scripts can't have a part shown anew that they did not make, only everything.
            document.refreshProjection()

    def _show_redone(self, document: Document) -> None:
        """Show groups that were undone before they were filled, and that redo brought back."""
        for new in self._made.values():
            if new.is_complete and not new.is_shown and find(document, new.id):
                new.show_anew()


def layer_of(document: Document, variation: Variation) -> Node:
    """The layer of a variation.

    Raises:
        RequestError: It is gone.
    """
    node = find(document, variation.layer)
    if node is None or find(document, variation.group) is None:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The layer “{variation.name}” is not in the picture any more.",
            "If you removed it, undo brings it back.",
        )
    return node


def _places(document: Document, record: Record) -> list[QtCore.QRect]:
    """Where the layers of a group are."""
    return [node.bounds() for layer in record.requests if (node := find(document, layer))]
