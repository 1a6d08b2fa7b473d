"""Colour spaces as Krita names them, and the two that travel."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from scumble_protocol.pixels import PixelFormat

_SRGB: Final = "sRGB-elle-V2-srgbtrc.icc"
"""Krita's own sRGB, there in every installation."""

_ALSO_SRGB: Final = frozenset({_SRGB, "sRGB-elle-V4-srgbtrc.icc", "sRGB built-in"})
"""Profiles with the same primaries and the same curve under other names."""


class Space(NamedTuple):
    """A colour space.

    Args:
        model: Krita's id of the model, like `RGBA`; one that Krita doesn't know makes it crash, so
            ids come from documents only.
        depth: `U8`, `U16`, `F16` or `F32`.
        profile: The name of the ICC profile.
    """

    model: str
    depth: str
    profile: str

    @property
    def format(self) -> PixelFormat:
        """What its pixels travel as: nothing with more than 8 bits a sample loses any."""
        return PixelFormat.RGBA8 if self.depth == "U8" else PixelFormat.RGBA16

    @property
    def is_wire(self) -> bool:
        """Whether its pixels are those that travel, but for the order of the channels."""
        return self.model == "RGBA" and self.depth in {"U8", "U16"} and self.profile in _ALSO_SRGB


WIRE: Final = {
    PixelFormat.RGBA8: Space("RGBA", "U8", _SRGB),
    PixelFormat.RGBA16: Space("RGBA", "U16", _SRGB),
}
"""What pixels that travel are in Krita's words."""


class Coloured(Protocol):
    """A document or a node."""

    def colorModel(self) -> str:  # noqa: N802 (Krita's name)
        """The id of the model."""
        ...

    def colorDepth(self) -> str:  # noqa: N802 (Krita's name)
        """The id of the depth."""
        ...

    def colorProfile(self) -> str:  # noqa: N802 (Krita's name)
        """The name of the profile."""
        ...


def space_of(owner: Coloured) -> Space:
    """The colour space of a document, or of what a node looks like."""
    return Space(owner.colorModel(), owner.colorDepth(), owner.colorProfile())


_EXACT: Final = Space("RGBA", "F32", "sRGB-elle-V2-g10.icc")


def way(source: Space, target: Space) -> tuple[Space, ...]:
    """The colour spaces by which Krita gets from one to another without loss."""
    # Straight to sRGB, dark greys with 16 bits come out by a third too dark.
    return (_EXACT, target) if source[:2] == ("GRAYA", "U16") else (target,)
