"""Documents that no painter sees: in them layers are made and colours converted.

What is done in one neither shows, nor is undone with the painter's work, nor marks the painter's
document as changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from krita import Document, Krita, Node
from scumble_krita.spaces import WIRE, Space, space_of, way

_TEMPLATE: Final = Path(__file__).parent / "mask_template.kra"

# After a document is gone, Krita moves all pixels elsewhere (`KisTileData::releaseInternalPools`)
# if there are fewer than 100 tiles of 64 x 64, and crashes if another thread paints meanwhile. Our
# documents come and go while the painter paints, so we see to it that there are always more.
_TILES: Final = (12, 10)
_TILE: Final = 64


class HiddenDocuments:
    """Makes them; the first takes some tenths of a second, since Krita has to open a file.

    Krita counts a copy of a document among its open ones only when it is shown, so all are copies.

    Args:
        app: Krita.
    """

    def __init__(self, app: Krita) -> None:
        self._app = app
        self._template: Document | None = None
        self._ballast: Node | None = None
        self._seeds: dict[Space, Document] = {}

    def prepare(self, space: Space) -> None:
        """Take the time now that the first document of this colour space needs."""
        if space not in self._seeds:
            seed = self._first().clone()
            seed.setColorSpace(*space)
            seed.waitForDone()
            self._seeds[space] = seed
            _convert_one_pixel(seed, WIRE[space.format])

    def document(self, space: Space) -> Document:
        """A new small document in this colour space, gone with its last reference.

        One for each piece of work: Krita keeps all that was done in a document, to undo it.
        """
        self.prepare(space)
        return self._seeds[space].clone()

    def mask(self) -> Node:
        """A new transparency mask without pixels, in no document; it hides the whole layer."""
        (mask,) = self._first().topLevelNodes()[0].childNodes()
        return mask.clone()

    def _first(self) -> Document:
        if self._template is None:
            self._template = self._open()
        return self._template

    def _open(self) -> Document:
        # In batch mode, no dialog stops Krita.
        was_batch = self._app.batchmode()
        self._app.setBatchmode(True)
        try:
            opened = self._app.openDocument(str(_TEMPLATE))
            template = opened.clone()
            self._ballast = _ballast(template)
            opened.setModified(False)
            opened.close()
        finally:
            self._app.setBatchmode(was_batch)
        return template


def _ballast(document: Document) -> Node:
    """A layer in no document that holds enough tiles, a MiB in all, for as long as it is kept."""
    width, height = (count * _TILE for count in _TILES)
    node = document.createNode("ballast", "paintlayer")
    pixel = len(node.pixelData(0, 0, 1, 1))
    node.setPixelData(bytes(width * height * pixel), 0, 0, width, height)
    return node


def _convert_one_pixel(document: Document, space: Space) -> None:
    """Have Krita build both conversions between a document's space and another; it keeps them."""
    copy = document.clone()  # named, since a node whose document is gone makes Krita crash
    node = copy.createNode("pixel", "paintlayer")
    own = space_of(node)
    node.setPixelData(bytes(node.pixelData(0, 0, 1, 1)), 0, 0, 1, 1)
    for stage in (*way(own, space), *way(space, own)):
        node.setColorSpace(*stage)
