"""Blobs in memory, for tests that run whole requests."""

from __future__ import annotations

import numpy as np

from scumble_protocol.blobs import blob_id
from scumble_protocol.geometry import Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_server.pixels.opencv import Samples


class Pictures:
    """Blobs in memory."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def keep(self, samples: Samples) -> ImageRef:
        height, width = samples.shape[:2]
        kinds = {2: PixelFormat.GRAY8, 3: PixelFormat.RGBA8}
        kind = PixelFormat.RGBA16 if samples.dtype == np.uint16 else kinds[samples.ndim]
        data = samples.tobytes()
        self.blobs[blob_id(data)] = data
        return ImageRef(blob_id(data), Size(width, height), kind)
