"""A document of Krita as the studio and the panel need it."""

from __future__ import annotations

from pathlib import Path

from krita import Document
from scumble_krita.backstage import Backstage
from scumble_krita.glance import Glance, selected_rect
from scumble_krita.layers import layer_infos
from scumble_krita.miniature import miniature_of
from scumble_krita.nodes import Place, above_active, activate, active_id, find, on_top
from scumble_krita.placing import NewGroup
from scumble_krita.qt import QtCore
from scumble_krita.records import read_records, remove_record, write_record
from scumble_krita.results import Results, layer_of
from scumble_krita.spaces import WIRE, space_of
from scumble_protocol.editor.canvas import (
    LayerInfo,
    Margins,
    ResultGroup,
    Snapshot,
    Source,
    Work,
)
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels


class KritaPicture:
    """A document that is open in Krita; a `Picture`.

    Args:
        document: The document.
        backstage: Shared by all pictures.
    """

    def __init__(self, document: Document, backstage: Backstage) -> None:
        self._document = document
        self._backstage = backstage
        self._results = Results()
        self._is_known_open = False
        backstage.hidden.prepare(space_of(document))
        backstage.hidden.prepare(WIRE[space_of(document).format])

    # --- Picture ---

    def key(self) -> str:
        """Its file, empty if never saved."""
        return self._open_document().fileName()

    def title(self) -> str:
        """What Krita writes into its tab."""
        document = self._open_document()
        return Path(document.fileName()).name or document.name() or "Unnamed"

    def is_open(self) -> bool:
        """Whether it is still open."""
        # What stands for a closed document raises nothing, but answers nonsense. Krita takes most
        # of a millisecond to say what is open, and no painter closes anything before its next turn.
        if not self._is_known_open:
            self._is_known_open = self._document in self._backstage.krita.documents()
            QtCore.QTimer.singleShot(0, self._ask_again)
        return self._is_known_open

    # --- Canvas ---

    def bounds(self) -> Size:
        """The size of the canvas."""
        document = self._open_document()
        return Size(document.width(), document.height())

    def depth(self) -> PixelFormat:
        """`rgba8` for documents with 8 bits a sample, else `rgba16`."""
        return space_of(self._open_document()).format

    def selection(self) -> Rect | None:
        """The bounds of the selection on the canvas; the whole canvas if there is none."""
        return selected_rect(self._settled_document())

    def glance(self) -> Glance:
        """What is selected as far as Krita has it by now, without waiting for anything."""
        return Glance(self._open_document())

    def read(self, rect: Rect, source: Source) -> Snapshot:
        """The pixels there, as they are now."""
        document = self._settled_document()
        reader = self._backstage.reader
        if source is Source.ACTIVE_LAYER:
            return reader.active_layer(document, rect)
        if source is Source.WITHOUT_RESULTS:
            groups = [find(document, record.group) for record in read_records(document)]
            return reader.without(document, rect, [group for group in groups if group])
        return reader.visible(document, rect)

    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers from top to bottom, each group before what lies in it."""
        document = self._settled_document()
        return tuple(layer_infos(document, Rect.of(self.bounds())))

    def outline(self) -> tuple[LayerInfo, ...]:
        """As `layers`, but at once: nobody looks where they have something."""
        return tuple(layer_infos(self._open_document()))

    def read_layer(self, layer: str, rect: Rect) -> Snapshot:
        """What a layer has there, shown or not."""
        document = self._settled_document()
        node = find(document, layer)
        if node is None:
            raise RequestError(
                ErrorCode.BAD_PICTURE,
                "The layer of a control, reference or region is gone.",
                "Choose another layer, or undo what removed it.",
            )
        return self._backstage.reader.layer(document, node, rect)

    def read_mask(self, rect: Rect) -> Pixels:
        """The selection there with its soft edge; white if there is none."""
        selection = self._settled_document().selection()
        if selection is None:
            data = b"\xff" * rect.size.pixels
        else:
            data = bytes(selection.pixelData(rect.x, rect.y, rect.width, rect.height))
        return Pixels(rect.size, PixelFormat.GRAY8, data)

    def insert(self, group: ResultGroup) -> Work:
        """Put the group above the active layer, as one undo step.

        Raises:
            RequestError: The picture was closed, or the group was undone, before all was in place.
        """
        document = self._open_document()
        new = NewGroup(self._backstage.hidden, document, group)
        yield from new.make()
        document = self._open_document()
        results = {record.group for record in read_records(document)}
        yield from self._put(document, new, above_active(document, results))

    def enlarge(self, size: Size, group: ResultGroup) -> Work:
        """Scale the picture to `size` and put the group on top.

        These are two undo steps: Krita gives scripts no way to make one of them.

        Raises:
            RequestError: The picture was closed, or the group was undone, before all was in place.
        """
        document = self._settled_document()
        if self.bounds() != size:
            resolution = round(document.xRes()), round(document.yRes())
            document.scaleImage(size.width, size.height, *resolution, "Bicubic")
            document.waitForDone()
        yield
        document = self._open_document()
        new = NewGroup(self._backstage.hidden, document, group)
        yield from new.make()
        document = self._open_document()
        yield from self._put(document, new, on_top(document))

    def expand(self, margins: Margins) -> None:
        """Add empty space to the sides of the canvas, as one undo step."""
        document = self._settled_document()
        size = margins.around(self.bounds())
        document.resizeImage(-margins.left, -margins.top, size.width, size.height)
        document.waitForDone()

    # --- Gallery ---

    def variations(self) -> tuple[Variation, ...]:
        """The result layers in the document, the newest group first."""
        return self._results.variations(self._open_document())

    def thumbnail(self, variation: Variation, side: int) -> Pixels:
        """The layer without its mask, at most `side` pixels wide and high."""
        node = layer_of(self._open_document(), variation)
        return miniature_of(node, side, self._backstage.hidden)

    def show(self, variation: Variation) -> None:
        """Make it the only visible layer of its group, and the group visible; no undo step."""
        self._results.show(self._open_document(), variation)

    def keep(self, variation: Variation) -> None:
        """Show it, and hide all other groups that lie over the same place; no undo step."""
        self._results.keep(self._open_document(), variation)

    # --- inside ---

    def _ask_again(self) -> None:
        self._is_known_open = False

    def _open_document(self) -> Document:
        if not self.is_open():
            raise RequestError(
                ErrorCode.CANVAS_GONE,
                "This picture is not open any more.",
                "Open it again, and choose where the result goes.",
            )
        return self._document

    def _settled_document(self) -> Document:
        """The document, once it shows all that the painter did so far."""
        document = self._open_document()
        document.waitForDone()
        return document

    def _put(self, document: Document, new: NewGroup, place: Place) -> Work:
        active = active_id(document)
        place.parent.addChildNode(new.node, place.below)
        self._open_document()  # adding turns the event loop
        write_record(document, new.id, new.requests)
        self._results.add(document, new)
        try:
            yield
            for _ in new.fill():
                yield
                activate(self._open_document(), new.id, instead_of=active)
            new.is_complete = True
        finally:
            if not new.is_complete and self.is_open():
                _take_away(document, new.id)
        document.setModified(True)
        if find(document, new.id) is None:
            raise RequestError(
                ErrorCode.CANVAS_GONE,
                "The result was undone while it was put into the picture.",
                "Redo brings it back.",
            )
        new.is_shown = True


def _take_away(document: Document, group: str) -> None:
    remove_record(document, group)
    if node := find(document, group):
        node.remove()
