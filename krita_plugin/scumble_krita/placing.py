"""Putting a group of results into a document: one undo step, and no portion that is felt.

Krita makes an undo step of adding a node, and waits until the picture is made anew. So the group is
added while it is still empty; its pixels and masks come after that, strip by strip, which Krita
neither remembers as steps nor shows. At the end the layer is set to the blending mode that it has:
of all that scripts can do, this makes Krita show a node anew. It is a step, but one of the document
in which the node was *made*, and that is a hidden one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from krita import Document, Node
from scumble_krita.conversion import FromWire
from scumble_krita.hidden import HiddenDocuments
from scumble_krita.nodes import id_of
from scumble_krita.portions import strips
from scumble_krita.spaces import space_of
from scumble_protocol.editor.canvas import Layer, ResultGroup, Work
from scumble_protocol.geometry import Rect

_MASK_STRIP: Final = 256 * 1024
"""Pixels of a mask that are written at once."""


@dataclass(frozen=True)
class Sheet:
    """A layer with its mask, as it was made in a hidden document."""

    node: Node
    mask: Node
    layer: Layer


class NewGroup:
    """The nodes of a group, in no document so far.

    Args:
        hidden: Where they are made.
        document: Where they will go.
        group: What they will show.
    """

    def __init__(self, hidden: HiddenDocuments, document: Document, group: ResultGroup) -> None:
        self._hidden = hidden
        self._space = space_of(document)
        self._group = group
        # Kept as long as the nodes are: Krita needs it whenever they are shown anew.
        self._birthplace = hidden.document(self._space)
        self.node = self._birthplace.createGroupLayer(group.name)
        self.sheets: list[Sheet] = []
        self.is_complete = False
        self.is_shown = False

    def make(self) -> Work:
        """Make the layers and their masks, without pixels."""
        yield
        for layer in reversed(self._group.layers):
            sheet = self._sheet(layer)
            self.node.addChildNode(sheet.node, None)
            self.sheets.insert(0, sheet)
            yield

    @property
    def id(self) -> str:
        """The group's id."""
        return id_of(self.node)

    @property
    def requests(self) -> dict[str, str]:
        """By the id of each layer, from top to bottom, the request that made it."""
        return {id_of(sheet.node): sheet.layer.request_json for sheet in self.sheets}

    def fill(self) -> Work:
        """Give the layers their pixels and show them, the first first."""
        for sheet in self.sheets:
            yield from self._fill_pixels(sheet)
            yield from _fill_mask(sheet)
            show_anew(sheet.node)
            # Krita's list of layers draws its small pictures anew for any change of a layer.
            for node in (sheet.node, sheet.mask):
                node.setName(node.name())
            yield

    def show_anew(self) -> None:
        """Have Krita show what became visible or hidden; the group is in its document."""
        for sheet in self.sheets:
            show_anew(sheet.node)
        show_anew(self.node)
        self.is_shown = True

    def _sheet(self, layer: Layer) -> Sheet:
        node = self._birthplace.createNode(layer.name, "paintlayer")
        node.setVisible(layer.visible)
        mask = self._hidden.mask()
        mask.setName(layer.name)
        node.addChildNode(mask, None)
        return Sheet(node, mask, layer)

    def _fill_pixels(self, sheet: Sheet) -> Iterator[None]:
        pixels, rect = sheet.layer.pixels, sheet.layer.rect
        convert = FromWire(self._hidden, pixels.format, self._space)
        row = rect.width * pixels.format.bytes_per_pixel
        data = memoryview(pixels.data)
        for strip in strips(rect, convert.strip):
            rows = data[(strip.y - rect.y) * row : (strip.bottom - rect.y) * row]
            _write(sheet.node, convert(bytes(rows), strip.size), strip)
            yield


def _fill_mask(sheet: Sheet) -> Iterator[None]:
    mask, rect = sheet.layer.mask, sheet.layer.rect
    data = memoryview(mask.data)
    for strip in strips(rect, _MASK_STRIP):
        rows = data[(strip.y - rect.y) * rect.width : (strip.bottom - rect.y) * rect.width]
        _write(sheet.mask, bytes(rows), strip)
        yield


def show_anew(node: Node) -> None:
    """Have Krita show a node's pixels; it does so on its own threads, soon."""
    node.setBlendingMode(node.blendingMode())


def _write(node: Node, data: bytes, rect: Rect) -> None:
    node.setPixelData(data, rect.x, rect.y, rect.width, rect.height)
