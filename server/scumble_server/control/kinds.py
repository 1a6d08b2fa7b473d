"""Which kinds of control a ControlNet was made for, by what its authors call it."""

from __future__ import annotations

import re

from scumble_protocol.guides import ControlKind

_WORDS: dict[ControlKind, tuple[str, ...]] = {
    ControlKind.CANNY: ("canny",),
    ControlKind.SCRIBBLE: ("scribble", "sketch"),
    ControlKind.LINEART: ("line",),
    ControlKind.SOFT_EDGE: ("softedge", "soft_edge", "hed", "pidi", "teed"),
    ControlKind.DEPTH: ("depth", "midas", "zoe"),
    ControlKind.NORMAL: ("normal",),
    ControlKind.POSE: ("pose", "openpose", "dwpose"),
    ControlKind.SEGMENTATION: ("seg",),
    ControlKind.TILE: ("tile",),
    ControlKind.BLUR: ("blur", "tile"),  # those for tiles were trained to sharpen
    ControlKind.INPAINT: ("inpaint", "repaint"),
}

UNION = {
    ControlKind.POSE: 0,
    ControlKind.DEPTH: 1,
    ControlKind.SOFT_EDGE: 2,
    ControlKind.SCRIBBLE: 2,
    ControlKind.CANNY: 3,
    ControlKind.LINEART: 3,
    ControlKind.NORMAL: 4,
    ControlKind.SEGMENTATION: 5,
    ControlKind.TILE: 6,
    ControlKind.BLUR: 6,
    ControlKind.INPAINT: 7,
}
"""The numbers by which union networks (ControlNet++ for SDXL) know the kinds."""


FLUX_UNION = (
    ControlKind.CANNY,
    ControlKind.TILE,
    ControlKind.DEPTH,
    ControlKind.BLUR,
    ControlKind.POSE,
)
"""The kinds of FLUX.1's union networks, in the order of their modes."""

UNION_OF_TRANSFORMERS = (
    ControlKind.CANNY,
    ControlKind.SOFT_EDGE,
    ControlKind.DEPTH,
    ControlKind.POSE,
)
"""The kinds of union networks that tell them apart by themselves."""


def named_kinds(name: str) -> tuple[ControlKind, ...]:
    """The kinds that a file's or folder's name speaks of; none if it doesn't say."""
    words = re.sub(r"[\s.-]", "_", name.lower())
    return tuple(
        kind
        for kind, spellings in _WORDS.items()
        if any(re.search(rf"(?<![a-z]){spelling}", words) for spelling in spellings)
    )


def union_kinds(types: int) -> tuple[ControlKind, ...]:
    """The kinds of a union network that knows so many types."""
    return tuple(kind for kind, number in UNION.items() if number < types)
