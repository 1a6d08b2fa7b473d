"""What guides a model besides its prompt: controls, references and regions, each with a picture."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from scumble_protocol.checks import check_number
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat


class ControlKind(str, enum.Enum):
    """What a control picture holds the result to."""

    CANNY = "canny"
    SCRIBBLE = "scribble"
    LINEART = "lineart"
    SOFT_EDGE = "soft_edge"
    DEPTH = "depth"
    NORMAL = "normal"
    POSE = "pose"
    SEGMENTATION = "segmentation"
    TILE = "tile"
    BLUR = "blur"
    INPAINT = "inpaint"


class ReferenceKind(str, enum.Enum):
    """What is taken from a reference picture."""

    ALL = "all"
    STYLE = "style"
    COMPOSITION = "composition"
    FACE = "face"


@dataclass(frozen=True)
class Control:
    """A ControlNet and the picture that it reads.

    Args:
        kind: What the picture holds the result to.
        image: The picture, of the context's size, in any format.
        preprocess: Whether the control picture (edges, depth, …) is to be made from `image`; else
            `image` is one already.
        model: The id of a control model; empty for one that fits the kind and the model.
        weight: How strongly it counts, 0 to 2.
        start: From which part of the steps on, 0 to 1.
        end: Up to which part of the steps, `start` to 1.
        show: Whether the control picture comes back as a layer of its own.
    """

    kind: ControlKind
    image: ImageRef
    preprocess: bool = True
    model: str = ""
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    show: bool = False

    def __post_init__(self) -> None:
        _check_influence("control", self.weight, self.start, self.end)


@dataclass(frozen=True)
class Reference:
    """An IP-Adapter and the picture that it takes something from.

    Args:
        kind: What is taken.
        image: The picture, `rgba8` or `rgba16`, of any size.
        model: The id of a reference model; empty for one that fits.
        weight: How strongly it counts, 0 to 2.
        start: From which part of the steps on, 0 to 1.
        end: Up to which part of the steps, `start` to 1.
    """

    kind: ReferenceKind
    image: ImageRef
    model: str = ""
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0

    def __post_init__(self) -> None:
        _check_influence("reference", self.weight, self.start, self.end)
        if self.image.format is PixelFormat.GRAY8:
            raise RequestError(
                ErrorCode.BAD_PICTURE,
                "The picture of a reference has no colours.",
                "Send it as rgba8 or rgba16.",
            )


@dataclass(frozen=True)
class Region:
    """A prompt that holds in a part of the context only.

    Args:
        prompt: What is to be there; the request's prompt holds where no region is.
        mask: Where it holds, `gray8` of the context's size; grey shares with what is below.
    """

    prompt: str
    mask: ImageRef


def _check_influence(name: str, weight: float, start: float, end: float) -> None:
    check_number(f"The weight of a {name}", weight, 0, 2)
    check_number(f"The start of a {name}", start, 0, 1)
    check_number(f"The end of a {name}", end, start, 1)
