"""The tags of TIFF files and of Exif, which is TIFF inside of other files; nothing but Python."""

from __future__ import annotations

import struct
from collections.abc import Mapping

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Bytes a value by the type of a field, TIFF 6.0, section 2."""

EXIF_FOLDER = 0x8769
_MOST = 2**24
"""Longest value that is read, in bytes; what is longer is no text."""


class Tags:
    """The tags of a TIFF.

    Args:
        data: The file, or what Exif has of one; anything that can be sliced into bytes.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(data[:4]), "")

    def first(self) -> Mapping[int, bytes]:
        """The values of the first folder's tags, as bytes; nothing where there is no sound TIFF."""
        if not self._order:
            return {}
        try:
            return self._folder(self._number("I", 4))
        except struct.error:
            return {}

    def exif(self) -> Mapping[int, bytes]:
        """Those of the Exif folder."""
        place = self.first().get(EXIF_FOLDER, b"")
        try:
            return self._folder(struct.unpack(f"{self._order}I", place)[0])
        except struct.error:
            return {}

    def _folder(self, offset: int) -> dict[int, bytes]:
        found = {}
        for number in range(self._number("H", offset)):
            at = offset + 2 + 12 * number
            tag, kind, count = struct.unpack_from(f"{self._order}HHI", self._data, at)
            length = _SIZES.get(kind, 0) * count
            start = at + 8 if length <= 4 else self._number("I", at + 8)
            if 0 < length <= _MOST:
                found[tag] = bytes(self._data[start : start + length])
        return found

    def _number(self, kind: str, offset: int) -> int:
        return int(struct.unpack_from(self._order + kind, self._data, offset)[0])
