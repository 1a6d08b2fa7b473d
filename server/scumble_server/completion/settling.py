"""Taking off the slow differences of light between what was copied and where it came to lie."""

from __future__ import annotations

import numpy as np

from scumble_server import opencv
from scumble_server.completion.pyramid import PATCH
from scumble_server.completion.site import Places, Site
from scumble_server.fill import extend
from scumble_server.opencv import Floats

_WIDTH = 6.0
"""Standard deviation in pixels over which differences at the rim are averaged; finer is texture."""
_MOST = 0.1
"""Largest difference that is light and not another thing."""
_LEAST = np.float32(1e-6)


def settled(site: Site, picture: Floats, found: Places) -> Floats:
    """The completed picture with the light of its hole led over into that of the surroundings.

    Around the hole it is known both what is there and what the sources that were found would have
    put there. The difference is averaged along the rim and carried into the hole.

    Args:
        site: Where everything lies.
        picture: (height, width, channels) with up to 4 channels, completed.
        found: The source of each target.
    """
    hole = site.hole.astype(np.uint8)
    ring = opencv.dilated(hole, PATCH) - hole
    values = site.framed(picture)
    error = np.zeros_like(values)
    error[site.targets] = np.clip(values[site.targets] - values[found], -_MOST, _MOST)
    weight = ring.astype(np.float32)
    mean = opencv.gaussian_blurred(site.unframed(error) * weight[..., None], _WIDTH)
    weight = opencv.gaussian_blurred(weight, _WIDTH)
    slow = extend(mean / np.maximum(weight, _LEAST)[..., None], np.minimum(1, 4 * weight))
    known = picture[~site.hole]
    led: Floats = np.clip(picture + slow, known.min(axis=0), known.max(axis=0))
    return np.where(site.hole[..., None], led, picture)
