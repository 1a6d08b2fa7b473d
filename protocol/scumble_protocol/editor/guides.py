"""What a painter takes from layers of the picture to guide a model."""

from __future__ import annotations

from dataclasses import dataclass

from scumble_protocol.guides import Control, ControlKind, Reference, ReferenceKind, Region
from scumble_protocol.images import ImageRef


@dataclass(frozen=True)
class ControlLayer:
    """A control that is read from a layer; the rest means what it means in `Control`.

    Args:
        layer: The layer's id (`LayerInfo.id`); empty for the picture as the model sees it.
    """

    kind: ControlKind
    layer: str = ""
    preprocess: bool = True
    model: str = ""
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    show: bool = False

    def control(self, image: ImageRef) -> Control:
        """The control with the layer's pixels."""
        return Control(
            self.kind,
            image,
            self.preprocess,
            self.model,
            self.weight,
            self.start,
            self.end,
            self.show,
        )


@dataclass(frozen=True)
class ReferenceLayer:
    """A reference that is read from a layer; the rest means what it means in `Reference`.

    Args:
        layer: The layer's id; empty for the picture as the model sees it.
    """

    kind: ReferenceKind
    layer: str = ""
    model: str = ""
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0

    def reference(self, image: ImageRef) -> Reference:
        """The reference with the layer's pixels."""
        return Reference(self.kind, image, self.model, self.weight, self.start, self.end)


@dataclass(frozen=True)
class RegionLayer:
    """A prompt that holds where a layer has something.

    Args:
        layer: The layer's id.
        prompt: What is to be there.
    """

    layer: str
    prompt: str

    def region(self, mask: ImageRef) -> Region:
        """The region with the layer's alpha."""
        return Region(self.prompt, mask)
