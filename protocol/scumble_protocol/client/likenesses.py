"""Which picture that a server has is most like one that it has not."""

from __future__ import annotations

from scumble_protocol.client.blobcache import BlobCache
from scumble_protocol.geometry import Size
from scumble_protocol.images import Likeness
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Request

_MOST_REMEMBERED = 256
"""Places and forms; somebody who drags a selection makes ever new ones."""

_Place = tuple[int, Size, PixelFormat]
"""Where in a request a picture stands, and its form: what is painted on stays in its place."""


class Likenesses:
    """Remembers the pictures of the jobs that one server has accepted.

    Args:
        cache: Where their bytes are; what it no longer has can't be compared with.
    """

    def __init__(self, cache: BlobCache) -> None:
        self._cache = cache
        self._latest: dict[_Place, str] = {}

    def accepted(self, request: Request) -> None:
        """The server has the pictures of this request."""
        for place, image in enumerate(request.blobs):
            key = (place, image.size, image.format)
            self._latest.pop(key, None)  # so that it comes last
            self._latest[key] = image.blob
            if len(self._latest) > _MOST_REMEMBERED:
                del self._latest[next(iter(self._latest))]

    def of(self, request: Request) -> tuple[Likeness, ...]:
        """For pictures of this request the last one that stood in the same place."""
        found: dict[str, Likeness] = {}
        for place, image in enumerate(request.blobs):
            base = self._latest.get((place, image.size, image.format), image.blob)
            if base != image.blob and self._cache.get(base) is not None:
                found.setdefault(image.blob, Likeness(image.blob, base))
        return tuple(found.values())

    def forget(self) -> None:
        """It is another server now."""
        self._latest.clear()
