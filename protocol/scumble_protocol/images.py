"""Pictures in requests and results: what names a blob."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from scumble_protocol.errors import ProtocolError
from scumble_protocol.geometry import Size
from scumble_protocol.pixels import PixelFormat

_BLOB_ID = re.compile(r"[0-9a-f]{32}")


def check_blob_id(blob: str) -> None:
    """Refuse what is not the BLAKE2b-128 of some bytes as 32 lower-case hexadecimal digits."""
    if not _BLOB_ID.fullmatch(blob):
        raise ProtocolError(f"{blob[:40]!r} is no blob id.")


@dataclass(frozen=True)
class ImageRef:
    """A picture or mask that travels as a blob.

    Args:
        blob: BLAKE2b-128 of the pixel data, 32 lower-case hexadecimal digits.
        size: Width and height in pixels.
        format: The pixel layout of the blob.
    """

    blob: str
    size: Size
    format: PixelFormat

    def __post_init__(self) -> None:
        check_blob_id(self.blob)

    @property
    def length(self) -> int:
        """The blob's length in bytes."""
        return self.size.pixels * self.format.bytes_per_pixel


@dataclass(frozen=True)
class Likeness:
    """That a blob has many of its bytes in common with another one of the same length.

    Args:
        blob: The id of the one that is to be sent.
        base: The id of the one that it is like, and that was sent before.
    """

    blob: str
    base: str

    def __post_init__(self) -> None:
        check_blob_id(self.blob)
        check_blob_id(self.base)
        if self.blob == self.base:
            raise ProtocolError(f"Blob {self.blob} can't be its own base.")


def check_bases(bases: Sequence[Likeness], blobs: Collection[str]) -> None:
    """Refuse bases of blobs that are not among these, and more than one base of a blob."""
    named = {likeness.blob for likeness in bases}
    if len(named) < len(bases) or not named.issubset(blobs):
        raise ProtocolError("A blob has one base at most, and is named itself.")
