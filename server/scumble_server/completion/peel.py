"""A first guess of what is missing: from the outside in, each pixel from the most similar place."""

from __future__ import annotations

import numpy as np

from scumble_server.completion.site import Site
from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import Floats

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def peel(site: Site, values: Floats) -> Floats:
    """The values with the hole filled layer by layer.

    Unlike a smooth guess this carries stones and leaves on. It also carries on what only just
    touches the hole, and in a calm picture it may make up something.

    Args:
        site: A small one, since each layer is compared with every source.
        values: (places, channels); what they say inside the hole is not read.
    """
    values = values.copy()
    known = ~site.unknown()
    missing = np.zeros(len(values), bool)
    missing[site.targets[~known[site.targets]]] = True
    offered = site.patches(values, site.sources)
    lengths = np.square(offered).T
    while missing.any():
        reached = opencv.dilated(known.reshape(site.height, site.width).astype(np.uint8), _CROSS)
        layer = np.flatnonzero((reached.ravel() > 0) & missing)
        seen = site.patches(known[:, None].astype(np.float32), layer)
        seen = np.repeat(seen, values.shape[1], axis=1)
        apart = seen @ lengths - 2 * (seen * site.patches(values, layer)) @ offered.T
        values[layer] = values[site.sources[apart.argmin(axis=1)]]
        known[layer] = True
        missing[layer] = False
    return values
