"""Pictures to write and read, and profiles to write them with."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np

from scumble_cli.pictures.colour import Samples
from scumble_cli.pictures.picture import Picture

ADOBE_RGB: bytes = imagecodecs.cms_profile("adobergb")
GREY_GAMMA: bytes = imagecodecs.cms_profile("gray", gamma=1.8)


def noise(height: int, width: int, channels: int, bits: int) -> Samples:
    """Samples of every value."""
    return np.random.randint(0, 2**bits, (height, width, channels)).astype(f"u{bits // 8}")


def muted(height: int, width: int, channels: int, bits: int) -> Samples:
    """Samples of colours that sRGB has whatever the profile, and opaque."""
    most = 2**bits - 1
    samples = np.random.randint(most // 3, most // 2, (height, width, channels))
    if channels in {2, 4}:
        samples[..., -1] = most
    return samples.astype(f"u{bits // 8}")


def profile_for(channels: int) -> bytes:
    return GREY_GAMMA if channels < 3 else ADOBE_RGB


def picture_of(channels: int, bits: int, *, height: int = 37, width: int = 53) -> Picture:
    """A noisy picture with a profile."""
    return Picture(noise(height, width, channels, bits), profile_for(channels), (300.0, 300.0))


def cmyk_profile() -> bytes:
    """A profile that makes a dark grey of every ink and white of none: ICC.1:2001-04, 6.5.8."""
    corners = bytes([255, 128, 128]) + 15 * bytes([128, 128, 128])
    identity = struct.pack(">9i", *(65_536 * n for n in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    curve = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + 4 * curve + corners + 3 * curve
    tags = struct.pack(">I4sII", 1, b"A2B0", 144, len(table))
    head = struct.pack(
        ">I4sI4s4s4s", 144 + len(table), bytes(4), 0x2400000, b"prtr", b"CMYK", b"Lab "
    )
    white = struct.pack(">3i", 63_190, 65_536, 54_061)
    return (head + bytes(12) + b"acsp" + bytes(28) + white).ljust(128, b"\0") + tags + table
