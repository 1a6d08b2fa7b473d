"""Patches in few numbers, so that comparing two of them is quick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scumble_server.completion.site import Places, Site
from scumble_server.pixels.opencv import Floats

_COMPONENTS = 48
"""Principal components kept of a patch; with half of them, gravel gets bald spots."""
_CLOSENESS = 0.15
"""How much it counts to be near: the length of the picture in standard deviations of patches."""
_SAMPLES = 4096
_CHUNK = 8192


@dataclass(frozen=True, eq=False)
class Describer:
    """Projects patches to the directions in which those of one picture differ most.

    Where they lie is told too: of two that look alike, the nearer one belongs there more likely.

    Args:
        site: Where the patches lie.
        basis: (pixels * channels, components).
        step: What a pixel of distance counts.
    """

    site: Site
    basis: Floats
    step: float

    @classmethod
    def of(cls, site: Site, values: Floats) -> Describer:
        """The principal components of the known patches."""
        patches = site.patches(values, site.sources[:: len(site.sources) // _SAMPLES + 1])
        centred = patches - patches.mean(axis=0)
        _, directions = np.linalg.eigh(centred.T @ centred)
        spread = float(np.sqrt(centred.var(axis=0).sum()))
        return cls(
            site,
            np.ascontiguousarray(directions[:, ::-1][:, :_COMPONENTS]),
            _CLOSENESS * spread / max(site.width, site.height),
        )

    def __call__(self, values: Floats, centres: Places) -> Floats:
        """(centres, components and two)."""
        components = self.basis.shape[1]
        described = np.empty((len(centres), components + 2), np.float32)
        for start in range(0, len(centres), _CHUNK):
            some = np.s_[start : start + _CHUNK]
            described[some, :components] = self.site.patches(values, centres[some]) @ self.basis
        described[:, components], described[:, components + 1] = self.site.position(centres)
        described[:, components:] *= self.step
        return described
