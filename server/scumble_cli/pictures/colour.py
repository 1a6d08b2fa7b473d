"""Between the colours of a picture file and sRGB, at the file's own precision."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[Any]
"""Samples of a picture, `uint8` or `uint16`: (height, width, channels)."""

_RELATIVE_COLORIMETRIC = 1
_SRGB = imagecodecs.cms_profile("srgb")
_SIGNATURES = {1: b"GRAY", 3: b"RGB "}
# ITU-R BT.709's luma of sRGB values, in 2**16ths; they add up to exactly that, so that a neutral
# colour becomes the same grey.
_LUMA = np.array([13933, 46871, 4732], dtype=np.uint64)


def srgb_profile(channels: int) -> bytes:
    """The ICC profile of sRGB, or for 1 channel that of greys with sRGB's tone curve."""
    if channels == 3:
        return bytes(_SRGB)
    value = np.linspace(0, 1, 4096)
    # IEC 61966-2-1, from a sample to light.
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    curve = light.astype(np.float32)
    white = [0.3127, 0.3290, 1.0]
    return bytes(imagecodecs.cms_profile("gray", whitepoint=white, transferfunction=curve))


class ColourSpace:
    """What the colour samples of a file mean.

    Args:
        profile: The file's ICC profile, or None for sRGB (and for grey with its tone curve).
        channels: 1 for grey, 3 for RGB. A profile that is damaged or made for another number of
            channels says nothing about these samples, which count as sRGB then.
    """

    def __init__(self, profile: bytes | None, channels: int) -> None:
        self._channels = channels
        self._profile = profile if profile and _is_usable(profile, channels) else None

    @property
    def is_srgb(self) -> bool:
        """Whether the colours are sRGB (or its greys) already."""
        return self._profile is None

    def to_srgb(self, colours: Samples) -> Samples:
        """The colours (height, width, 1 or 3) in sRGB: (height, width, 3), same depth."""
        if self._profile is None:
            return np.broadcast_to(colours, (*colours.shape[:2], 3))
        return _transform(colours, self._profile, _SRGB)

    def from_srgb(self, colours: Samples) -> Samples:
        """The way back: sRGB (height, width, 3) in this space, with its number of channels."""
        if self._profile is not None:
            return _transform(colours, _SRGB, self._profile)
        if self._channels == 3:
            return colours
        luma = (colours.astype(np.uint64) @ _LUMA + 2**15) >> 16
        return luma[..., np.newaxis].astype(colours.dtype)


def _is_usable(profile: bytes, channels: int) -> bool:
    # The data colour space: bytes 16 to 19 of the header, ICC.1:2022 section 7.2.
    if profile[16:20] != _SIGNATURES[channels]:
        return False
    pixel = np.zeros((1, 1, channels), dtype=np.uint8)
    try:
        _transform(_transform(pixel, profile, _SRGB), _SRGB, profile)
    except imagecodecs.CmsError:
        return False
    return True


def _transform(colours: Samples, source: bytes, target: bytes) -> Samples:
    def space(profile: bytes) -> str:
        return "gray" if profile[16:20] == b"GRAY" else "rgb"

    height, width = colours.shape[:2]
    transformed = imagecodecs.cms_transform(
        np.ascontiguousarray(colours[..., 0] if colours.shape[2] == 1 else colours),
        source,
        target,
        colorspace=space(source),
        outcolorspace=space(target),
        intent=_RELATIVE_COLORIMETRIC,
    )
    return transformed.reshape(height, width, -1)
