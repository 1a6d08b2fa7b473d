"""Taking pixels out of a document at once, and bringing them into form later."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from krita import Document, Node
from scumble_krita.channels import turned
from scumble_krita.conversion import SAMPLE, STRIP, ToWire
from scumble_krita.hidden import HiddenDocuments
from scumble_krita.nodes import active_layer, find, id_of
from scumble_krita.portions import strips
from scumble_krita.spaces import Space, space_of
from scumble_krita.spare import SpareTime
from scumble_protocol.editor.canvas import Snapshot
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels


class Reader:
    """Reads documents.

    Args:
        hidden: Where colours are converted.
        spare: When they are.
    """

    def __init__(self, hidden: HiddenDocuments, spare: SpareTime) -> None:
        self._hidden = hidden
        self._spare = spare

    def visible(self, document: Document, rect: Rect) -> Snapshot:
        """What the painter sees."""
        raw = document.pixelData(rect.x, rect.y, rect.width, rect.height)
        space = space_of(document)
        return self._snapshot(raw, rect.size, space, space.format)

    def active_layer(self, document: Document, rect: Rect) -> Snapshot:
        """What the active layer looks like by itself, whether it is visible or not."""
        layer = active_layer(document)
        if layer is None:
            return self.visible(document, rect)
        return self.layer(document, layer, rect)

    def layer(self, document: Document, layer: Node, rect: Rect) -> Snapshot:
        """What a layer looks like by itself, whether it is visible or not."""
        # The projection of a layer has what its pixels alone have not: masks, shapes, children.
        raw = layer.projectionPixelData(rect.x, rect.y, rect.width, rect.height)
        return self._snapshot(raw, rect.size, space_of(layer), space_of(document).format)

    def without(self, document: Document, rect: Rect, groups: list[Node]) -> Snapshot:
        """What the painter would see if these groups were hidden."""
        shown = [group for group in groups if group.visible()]
        if not shown:
            return self.visible(document, rect)
        # A copy shares the tiles of the pixels, so it is cheap; hiding layers in it shows nowhere.
        copy = document.clone()
        copies = [node for group in shown if (node := find(copy, id_of(group)))]
        for group in copies:
            group.setVisible(False)
        for group in copies:
            # The copy's picture is made anew where the group is, and only there.
            group.setBlendingMode(group.blendingMode())
        copy.waitForDone()
        return self.visible(copy, rect)

    def _snapshot(self, raw: bytes, size: Size, space: Space, format: PixelFormat) -> Snapshot:  # noqa: A002 (its name everywhere)
        if space.is_wire and space.format is format:
            return lambda: Pixels(size, format, turned(raw, SAMPLE[format]))
        return _ConvertedSnapshot(
            raw, size, format, ToWire(self._hidden, space, format), self._spare
        )


class _ConvertedSnapshot:
    """Pixels that Krita converts, which it can only on its main thread.

    There it happens in portions; another thread that calls waits for that.

    Args:
        raw: Pixels as the document has them.
        size: Their width and height.
        format: What they are to be.
        convert: Makes them so.
        spare: When it does.
    """

    def __init__(
        self,
        raw: bytes,
        size: Size,
        format: PixelFormat,  # noqa: A002 (its name everywhere)
        convert: ToWire,
        spare: SpareTime,
    ) -> None:
        self._size = size
        self._format = format
        self._converted: list[bytes] = []
        self._is_done = threading.Event()
        self._main = threading.get_ident()
        self._spare = spare
        self._work = self._convert(memoryview(raw), convert)
        spare.do(self._work)

    def __call__(self) -> Pixels:
        if threading.get_ident() == self._main:
            self._spare.finish(self._work)
        self._is_done.wait()
        return Pixels(self._size, self._format, b"".join(self._converted))

    def _convert(self, raw: memoryview, convert: ToWire) -> Iterator[None]:
        try:
            pixel = len(raw) // self._size.pixels
            row = self._size.width * pixel
            for strip in strips(Rect.of(self._size), STRIP):
                rows = raw[strip.y * row : strip.bottom * row]
                self._converted.append(convert(bytes(rows), strip.size))
                yield
        finally:
            # Whatever happened: nobody may wait for ever.
            self._is_done.set()
