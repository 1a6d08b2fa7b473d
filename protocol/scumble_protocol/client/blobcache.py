"""Blobs that were sent or received lately, so that they need not travel again."""

from __future__ import annotations

from collections import OrderedDict


class BlobCache:
    """Keeps the blobs used last, by id, up to a number of bytes.

    Args:
        limit: Most bytes of all blobs together; a blob that is larger by itself is not kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._blobs: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def get(self, blob: str) -> bytes | None:
        """The blob's data, or None if it is not kept."""
        if blob not in self._blobs:
            return None
        self._blobs.move_to_end(blob)
        return self._blobs[blob]

    def put(self, blob: str, data: bytes) -> None:
        """Keep a blob, at the expense of those that were not used for longest."""
        if len(data) > self._limit or self.get(blob) is not None:
            return
        self._blobs[blob] = data
        self._size += len(data)
        while self._size > self._limit:
            _, dropped = self._blobs.popitem(last=False)
            self._size -= len(dropped)
