"""What the patches over a missing pixel say that it should be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scumble_server.completion.site import Places, Site
from scumble_server.pixels.opencv import Floats

_LEAST = np.float32(1e-12)
_CHUNK = 2**16


def vote(
    site: Site,
    values: Floats,
    *,
    found: Places,
    weight: Floats,
    window: Places,
    told: Callable[[], None],
) -> None:
    """Give each of `site.holes` the mean of what the patches over it have there.

    Args:
        site: Where everything lies.
        values: (places, channels); changed in the hole and the margin.
        found: The source of each target.
        weight: How much the patch of each target counts.
        window: The steps from a patch's centre to those of its pixels that it votes for.
        told: Called every now and then.
    """
    # One more, of no weight, for patches whose centre would lie in the margin (number -1).
    found, weight = np.append(found, found[:1]), np.append(weight, np.float32(0))
    for start in range(0, len(site.holes), _CHUNK):
        told()
        pixels = site.holes[start : start + _CHUNK]
        total = np.zeros((len(pixels), values.shape[1]), np.float32)
        weights = np.full(len(pixels), _LEAST)
        for step in window:
            patch = site.target_at[site.inside(pixels - step)]
            count = weight[patch]
            total += np.take(values, found[patch] + step, axis=0) * count[:, None]
            weights += count
        # Sources are wholly known, so that what is written here is not read by other pixels.
        voted = weights > _LEAST
        values[pixels[voted]] = total[voted] / weights[voted, None]
