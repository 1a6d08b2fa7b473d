"""Whether an edit model may draw the whole picture anew, rather than the part under the mask."""

from __future__ import annotations

import numpy as np

from scumble_protocol.requests import Regenerate
from scumble_server.pixels import opencv
from scumble_server.pixels.crop import Crop

WIDE = 16
"""Half the width in pixels from which a grey area is a strength of its own, not a soft edge."""


def is_free(crop: Crop, request: Regenerate) -> bool:
    """Whether nothing of the picture has to be held: full strength, and no wide grey areas.

    An edit model sees the picture as its reference and follows it everywhere, so what lies around
    the mask agrees with what lies under it better if all of it is drawn. Only the part under the
    mask is shown in the end.
    """
    if request.strength < 1:
        return False
    grey = ((crop.denoise > 0) & (crop.denoise < 1)).astype(np.uint8)
    square = np.ones((2 * WIDE + 1, 2 * WIDE + 1), np.uint8)
    return not opencv.eroded(grey, square).any()
