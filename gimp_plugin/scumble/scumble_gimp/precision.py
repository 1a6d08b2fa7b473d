"""What an image's precision means for what is read of it, and for how layers are mixed in it."""

from __future__ import annotations

from typing import Final

from scumble_gimp.host import Gimp
from scumble_protocol.pixels import PixelFormat

_DEPTHS: Final = ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
_ENCODINGS: Final = {
    "LINEAR": Gimp.LayerColorSpace.RGB_LINEAR,
    "NON_LINEAR": Gimp.LayerColorSpace.RGB_NON_LINEAR,
    "PERCEPTUAL": Gimp.LayerColorSpace.RGB_PERCEPTUAL,
}
_EIGHT_BITS: Final = frozenset(getattr(Gimp.Precision, f"U8_{name}") for name in _ENCODINGS)
_SPACES: Final = {
    getattr(Gimp.Precision, f"{depth}_{name}"): space
    for depth in _DEPTHS
    for name, space in _ENCODINGS.items()
}


def format_of(image: Gimp.Image) -> PixelFormat:
    """`rgba8`, or `rgba16` for every image with more than 8 bits a sample."""
    return PixelFormat.RGBA8 if image.get_precision() in _EIGHT_BITS else PixelFormat.RGBA16


def mix_as_stored(layer: Gimp.Layer, image: Gimp.Image) -> None:
    """Let GIMP mix a layer with those below in the encoding that the image has.

    By default it converts everything below to linear light and back, which in 32-bit images changes
    the last bits of every pixel under the layer, also where the layer is transparent.
    """
    space = _SPACES[image.get_precision()]
    layer.set_blend_space(space)
    layer.set_composite_space(space)
