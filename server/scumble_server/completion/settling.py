"""Taking off the slow differences of light between what was copied and where it came to lie."""

from __future__ import annotations

import numpy as np

from scumble_server.completion.pyramid import RADIUS
from scumble_server.completion.site import Places, Site
from scumble_server.pixels import opencv
from scumble_server.pixels.fill import extend
from scumble_server.pixels.opencv import Floats

_WIDTH = 6.0
"""Standard deviation in pixels over which differences at the rim are averaged; finer is texture."""
_MOST = 0.1
"""Largest difference that is light and not another thing."""
_LEAST = np.float32(1e-6)


def settled(site: Site, values: Floats, found: Places) -> Floats:
    """The completed picture with the light of its hole led over into that of the surroundings.

    Around the hole it is known both what is there and what the sources that were found would have
    put there. The difference is averaged along the rim and carried into the hole.

    Args:
        site: Where everything lies.
        values: (places, channels) with up to 4 channels, completed.
        found: The source of each target.

    Returns:
        (height, width, channels).
    """
    picture: Floats = site.unframed(values).copy()
    area = _around(site)
    hole = site.hole[area]
    rows, columns = site.position(site.targets)
    rim = ~site.hole[rows, columns]
    at = rows[rim] - area[0].start, columns[rim] - area[1].start
    apart = values[site.targets[rim]] - values[found[rim]]
    error, weight = np.zeros_like(picture[area]), np.zeros(hole.shape, np.float32)
    error[at], weight[at] = np.clip(apart, -_MOST, _MOST), 1
    mean = opencv.gaussian_blurred(error, _WIDTH)
    weight = opencv.gaussian_blurred(weight, _WIDTH)
    slow = extend(mean / np.maximum(weight, _LEAST)[..., None], np.minimum(1, 4 * weight))
    known = picture[area][~hole]
    led = np.clip(picture[area] + slow, known.min(axis=0), known.max(axis=0))
    picture[area] = np.where(hole[..., None], led, picture[area])
    return picture


def _around(site: Site) -> tuple[slice, slice]:
    """The hole and its rim."""
    x, y, width, height = opencv.bounding_box(site.hole.astype(np.uint8))
    return (
        slice(max(0, y - RADIUS), y + height + RADIUS),
        slice(max(0, x - RADIUS), x + width + RADIUS),
    )
