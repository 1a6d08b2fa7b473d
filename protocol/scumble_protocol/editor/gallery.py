"""What the panel needs of the results that are in a picture; each editor implements it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from scumble_protocol.editor.canvas import Canvas
from scumble_protocol.pixels import Pixels


@dataclass(frozen=True)
class Variation:
    """A result layer that is in the picture, made now or in an earlier run of the editor.

    Args:
        group: What tells its group from all others of the picture.
        layer: What tells its layer from all others of the picture.
        name: The layer's name.
        is_visible: Whether the layer is shown (the group may hide it still).
        request_json: The request that made it (see `record`); empty if it is not known.
    """

    group: str
    layer: str
    name: str
    is_visible: bool
    request_json: str


class Gallery(Protocol):
    """The results that are in a picture."""

    def variations(self) -> tuple[Variation, ...]:
        """All of them: the newest group first, within a group from top to bottom."""
        ...

    def thumbnail(self, variation: Variation, side: int) -> Pixels:
        """What it looks like, `rgba8`, at most `side` pixels wide and high.

        Raises:
            RequestError: The layer is gone.
        """
        ...

    def show(self, variation: Variation) -> None:
        """Make it the only visible layer of its group, and the group visible; no undo step.

        Raises:
            RequestError: The layer is gone.
        """
        ...

    def keep(self, variation: Variation) -> None:
        """Like `show`, and hide every other group of results that lies over the same place.

        Raises:
            RequestError: The layer is gone.
        """
        ...


class Picture(Canvas, Gallery, Protocol):
    """A document of an editor: what the studio and the panel together need of it."""

    def key(self) -> str:
        """Its file, so that it is known again when it is opened later; empty if never saved."""
        ...

    def title(self) -> str:
        """How the editor calls it."""
        ...

    def is_open(self) -> bool:
        """Whether it is still open; nothing else may be called once it is not."""
        ...
