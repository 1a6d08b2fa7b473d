"""A document without an editor, which a panel can be given."""

from __future__ import annotations

from dataclasses import dataclass

from scumble_protocol.editor.gallery import Variation
from scumble_protocol.geometry import Size
from scumble_protocol.pixels import PixelFormat, Pixels
from tests.editor.grey_canvas import GreyCanvas


@dataclass(eq=False)
class FramedPicture(GreyCanvas):
    """A grey canvas with the name of a file; each is only equal to itself, as documents are."""

    file: str = ""

    def key(self) -> str:
        return self.file

    def title(self) -> str:
        return self.file or "Unnamed"

    def is_open(self) -> bool:
        return True

    def variations(self) -> tuple[Variation, ...]:
        return tuple(
            Variation(group.name, layer.name, layer.name, layer.visible, layer.request_json)
            for group in reversed(self.groups)
            for layer in group.layers
        )

    def thumbnail(self, variation: Variation, side: int) -> Pixels:
        del variation, side
        return Pixels(Size(1, 1), PixelFormat.RGBA8, bytes(4))

    def show(self, variation: Variation) -> None:
        del variation

    def keep(self, variation: Variation) -> None:
        del variation
