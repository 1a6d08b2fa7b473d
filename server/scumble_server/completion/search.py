"""Which known patch resembles each missing one most: PatchMatch, for all patches at once."""

from __future__ import annotations

import numpy as np

from scumble_server.completion.site import Places, Site
from scumble_server.pixels.opencv import Floats

_BESIDE = ((0, 1), (0, -1), (1, 0), (-1, 0))
_CHUNK = 1024


class Matches:
    """For each target the best source that was found yet.

    Args:
        site: Where they lie.
        offered: What the patches of the sources are like, (sources, numbers).
        random: Decides where to look.
        found: The source of each target, as a place; what is found later is in the
            attribute of that name.
    """

    def __init__(
        self, site: Site, offered: Floats, random: np.random.Generator, found: Places
    ) -> None:
        self.found: Places = found.copy()
        self.distance = np.zeros(len(found), np.float32)
        self._site = site
        self._offered = offered
        self._random = random
        self._wanted = offered[:0]

    def want(self, wanted: Floats) -> None:
        """Take up what the targets' patches are like now, (targets, numbers)."""
        self._wanted = wanted
        self.distance = self._apart(np.arange(len(wanted)), self.found)

    def search(self, reach: int) -> None:
        """Ask the neighbours, then look around what is best so far, ever nearer to it.

        Args:
            reach: Where looking around begins, in pixels.
        """
        for stride in (1, 2):
            for down, right in _BESIDE:
                self._ask(down * stride, right * stride)
            radius = reach
            while radius:
                self._look_around(radius)
                radius //= 3

    def search_everywhere(self) -> None:
        """Compare every target with every source."""
        length = np.square(self._offered).sum(axis=1)
        for start in range(0, len(self.found), _CHUNK):
            some = np.s_[start : start + _CHUNK]
            apart = length - 2 * (self._wanted[some] @ self._offered.T)
            self.found[some] = self._site.sources[apart.argmin(axis=1)]
        self.want(self._wanted)

    def _ask(self, down: int, right: int) -> None:
        """Try the places beside those that the neighbours on one side have found."""
        step = down * self._site.width + right
        neighbours = self._site.target_at[self._site.inside(self._site.targets + step)]
        asking = np.flatnonzero(neighbours >= 0)
        self._try(asking, self.found[neighbours[asking]] - step)

    def _look_around(self, radius: int) -> None:
        count = len(self.found)
        down, right = self._random.integers(-radius, radius + 1, (2, count))
        self._try(np.arange(count), self.found + down * self._site.width + right)

    def _try(self, asking: Places, places: Places) -> None:
        places = self._site.inside(places)
        new = (self._site.source_at[places] >= 0) & (places != self.found[asking])
        asking, places = asking[new], places[new]
        apart = self._apart(asking, places)
        better = apart < self.distance[asking]
        self.found[asking[better]] = places[better]
        self.distance[asking[better]] = apart[better]

    def _apart(self, asking: Places, places: Places) -> Floats:
        """How unlike some targets and some sources are: sums of squares."""
        difference = np.take(self._offered, self._site.source_at[places], axis=0)
        difference -= self._wanted[asking]
        apart: Floats = np.einsum("ij,ij->i", difference, difference)
        return apart
