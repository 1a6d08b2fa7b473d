"""Planar row deltas: the reversible rearrangement that makes pixels easy prey for zlib.

Pixels of a painting change little from one row to the next, and each channel in its own way. So
every byte is replaced by its difference, modulo 256, from the byte one row earlier, and then the
bytes are sorted by their place in the pixel. Both work without numpy: the difference is taken of
all bytes at once, as one long integer whose carries are kept from crossing byte borders (Warren,
*Hacker's Delight*, section 2-18), and slices sort the bytes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

from scumble_protocol.errors import ProtocolError
from scumble_protocol.images import ImageRef

MIN_ROW = 64
MAX_ROW = 2**24
MAX_PIXEL = 8

# Level 1 packs 90 MB/s and level 6 a third of that for two per cent less; see docs/decisions/0010.
_LEVEL = 1


@dataclass(frozen=True)
class Layout:
    """How bytes are arranged, so that like can be compared with like.

    Args:
        row: Bytes of a row, 64 to 2**24; 0 for no difference between rows (anything narrower isn't
            worth it and would make unpacking slow).
        pixel: Bytes of a pixel, 1 to 8.
    """

    row: int = 0
    pixel: int = 1

    def __post_init__(self) -> None:
        if (
            not (self.row == 0 or MIN_ROW <= self.row <= MAX_ROW)
            or not 1 <= self.pixel <= MAX_PIXEL
        ):
            raise ProtocolError(
                f"Rows of {self.row} and pixels of {self.pixel} bytes are impossible."
            )

    @classmethod
    def of(cls, image: ImageRef) -> Layout:
        """The layout of a picture's or a mask's blob."""
        row = image.size.width * image.format.bytes_per_pixel
        return cls(row if MIN_ROW <= row <= MAX_ROW else 0, image.format.bytes_per_pixel)


def pack(data: bytes, layout: Layout) -> bytes:
    """The bytes as row differences, sorted into planes, through zlib."""
    if 0 < layout.row < len(data):
        data = _row_differences(data, layout.row)
    planes = b"".join([data[place :: layout.pixel] for place in range(layout.pixel)])
    return zlib.compress(planes, _LEVEL)


def unpack(packed: bytes, layout: Layout, most: int) -> bytes:
    """What `pack` was given.

    Raises:
        ProtocolError: This is no complete zlib stream, or it holds nothing or above `most` bytes.
    """
    data = _sort_back(_inflate(packed, most), layout.pixel)
    return _add_rows(data, layout.row) if 0 < layout.row < len(data) else data


def _inflate(packed: bytes, most: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        planes = stream.decompress(packed, most + 1)
    except zlib.error as error:
        raise ProtocolError("A packed piece of a picture is damaged.") from error
    if not stream.eof or stream.unused_data or not 1 <= len(planes) <= most:
        raise ProtocolError(f"A packed piece of a picture is cut off, empty or above {most} bytes.")
    return planes


def _sort_back(planes: bytes, pixel: int) -> bytes:
    if pixel == 1:
        return planes
    data = bytearray(len(planes))
    begin = 0
    for place in range(pixel):
        end = begin + len(range(place, len(planes), pixel))
        data[place::pixel] = planes[begin:end]
        begin = end
    return bytes(data)


@lru_cache(maxsize=8)
def _bit_masks(length: int) -> tuple[int, int]:
    """The integers of `length` bytes with the top bit, and all other bits, of every byte set."""
    top = int.from_bytes(b"\x80" * length, "little")
    return top, top ^ int.from_bytes(b"\xff" * length, "little")


def _row_differences(data: bytes, row: int) -> bytes:
    length = len(data)
    top, rest = _bit_masks(length)
    here = int.from_bytes(data, "little")
    above = int.from_bytes(bytes(row) + data[: length - row], "little")
    return (((here | top) - (above & rest)) ^ ((here ^ ~above) & top)).to_bytes(length, "little")


def _add_rows(data: bytes, row: int) -> bytes:
    top, rest = _bit_masks(row)
    above = 0
    rows = []
    for begin in range(0, len(data), row):
        piece = data[begin : begin + row]
        change = int.from_bytes(piece, "little")
        above = ((change & rest) + (above & rest)) ^ ((change ^ above) & top)
        rows.append(above.to_bytes(row, "little")[: len(piece)])
    return b"".join(rows)
