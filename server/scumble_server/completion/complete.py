"""Completing a picture: from coarse to fine, search and vote."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scumble_server import opencv
from scumble_server.completion.descriptors import Describer
from scumble_server.completion.pyramid import RADIUS, Hole, Level, known_patches, pyramid
from scumble_server.completion.search import Matches
from scumble_server.completion.site import Places, Site
from scumble_server.completion.votes import vote
from scumble_server.fill import extend
from scumble_server.opencv import Floats

Told = Callable[[int, int], None]
"""Takes how many steps of how many are done; what it raises ends the work."""

_MOST_TARGETS = 150_000
"""Patches up to which a size is searched; larger ones take over what smaller ones have found."""
_MOST_PAIRS = 400_000_000
"""Comparisons up to which every patch is compared with every other one."""
_FIRST_TURNS = 14
_MOST_TURNS = 9
_FEWEST_TURNS = 3
_NEAR = 30
"""Pixels around the best yet that are searched at the two largest sizes, where all but the details
is decided."""
_FALLING_OFF = 1.3
"""The deeper in the hole, the less is a patch to be trusted: by this factor for each pixel."""
_LEAST_MARGIN = 256
_LEAST = np.float32(1e-6)


def complete(picture: Floats, hole: Hole, seed: int, told: Told) -> Floats:
    """The picture with its hole filled by what its surroundings have.

    Args:
        picture: (height, width, channels) with 3 or 4 channels, 0 to 1.
        hole: What of it is missing.
        seed: Decides where to look; the same one gives the same picture.
        told: Told how far it is.

    Returns:
        An array like the picture, and equal to it outside the hole. Where too little is known to
        copy from, the surroundings go on smoothly.
    """
    if not hole.any():
        return picture
    window = _window(hole)
    filled = picture.copy()
    filled[window] = _completed(picture[window], hole[window], seed, told)
    return filled


def _completed(picture: Floats, hole: Hole, seed: int, told: Told) -> Floats:
    levels = pyramid(picture, hole) if known_patches(hole).any() else []
    if not levels or np.count_nonzero(levels[-1].hole) > _MOST_TARGETS:
        return _smooth(picture, hole)
    filled = _from_coarse_to_fine(levels, _Run(seed, told, len(levels)))
    return np.where(hole[..., None], filled[..., : picture.shape[2]], picture)


def _window(hole: Hole) -> tuple[slice, slice]:
    """The part of a picture to look at: what is missing, and as much again on every side."""
    x, y, width, height = opencv.bounding_box(hole.astype(np.uint8))
    margin = max(_LEAST_MARGIN, width, height)
    return (
        slice(max(0, y - margin), y + height + margin),
        slice(max(0, x - margin), x + width + margin),
    )


class _Run:
    """What a run decides by, and how far it is.

    Args:
        seed: Of the random numbers.
        told: Told how far it is.
        sizes: How many sizes there are.
    """

    def __init__(self, seed: int, told: Told, sizes: int) -> None:
        self.random = np.random.default_rng(seed)
        self._told = told
        self._done = 0
        self._of = sum(_turns(number, sizes) + 1 for number in range(sizes))

    def ask(self) -> None:
        """Give the job a chance to be stopped."""
        self._told(self._done, self._of)

    def step(self) -> None:
        """Another step is done."""
        self._done += 1
        self.ask()


def _turns(number: int, sizes: int) -> int:
    """How often a size is searched and voted on; 0 is the largest one."""
    if number == sizes - 1:
        return _FIRST_TURNS
    return min(_MOST_TURNS, _FEWEST_TURNS + 2 * number)


def _from_coarse_to_fine(levels: list[Level], run: _Run) -> Floats:
    coarsest = levels[-1]
    stage = _Stage(coarsest, _smooth(coarsest.channels, coarsest.hole), run)
    found = run.random.choice(stage.site.sources, len(stage.site.targets))
    found = stage.improved(found, _FIRST_TURNS, None)
    for number, level in reversed(list(enumerate(levels[:-1]))):
        coarse, stage = stage.site, _Stage(level, level.channels, run)
        found = _taken_over(coarse, found, stage.site, run.random)
        stage.vote(found, stage.trust, stage.site.window[::2])
        run.step()
        if len(stage.site.targets) <= _MOST_TARGETS:
            reach = _NEAR if number < 2 else max(level.hole.shape) // 2
            found = stage.improved(found, _turns(number, len(levels)), reach)
    return stage.site.unframed(stage.values)


class _Stage:
    """One size, being worked on.

    Args:
        level: The picture at that size.
        channels: The same with any first guess inside its hole.
        run: What it is decided by.
    """

    def __init__(self, level: Level, channels: Floats, run: _Run) -> None:
        self.site = Site.of(level)
        self.values = self.site.framed(channels)
        depth = np.pad(level.depth, RADIUS).ravel()[self.site.targets]
        self.trust: Floats = np.maximum(np.float32(_FALLING_OFF) ** -depth, _LEAST)
        self._run = run

    def vote(self, found: Places, weight: Floats, window: Places) -> None:
        """Make the hole what the sources that were found say."""
        vote(
            self.site,
            self.values,
            found=found,
            weight=weight,
            window=window,
            told=self._run.ask,
        )

    def improved(self, found: Places, turns: int, reach: int | None) -> Places:
        """Better matches, after searching and voting by turns.

        Args:
            found: The sources to begin with.
            turns: How often.
            reach: Where looking around begins, in pixels; None to look everywhere if that is
                possible in a short time.
        """
        site = self.site
        describe = Describer.of(site, self.values)
        matches = Matches(site, describe(self.values, site.sources), self._run.random, found)
        is_small = len(site.targets) * len(site.sources) <= _MOST_PAIRS
        for _ in range(turns):
            matches.want(describe(self.values, site.targets))
            if reach is None and is_small:
                matches.search_everywhere()
            else:
                matches.search(reach or max(site.width, site.height))
            self.vote(matches.found, self.trust * _likeness(matches.distance), site.window)
            self._run.step()
        return matches.found


def _taken_over(coarse: Site, found: Places, site: Site, random: np.random.Generator) -> Places:
    """Sources for the targets of a size from those of the half as large one."""
    row, column = site.position(site.targets)
    parent = coarse.target_at[coarse.place(row // 2, column // 2)]
    source_row, source_column = coarse.position(found[parent])
    places = site.place(2 * source_row + row % 2, 2 * source_column + column % 2)
    lost = (parent < 0) | (site.source_at[places] < 0)
    places[lost] = random.choice(site.sources, np.count_nonzero(lost))
    return places


def _likeness(distance: Floats) -> Floats:
    """How much each patch counts for how well it fits: half as unlike as most is fully trusted."""
    usual = max(float(np.median(distance)), 1e-8)
    return np.exp(-2 * distance / np.float32(usual)) + _LEAST


def _smooth(channels: Floats, hole: Hole) -> Floats:
    """The channels with their hole filled without texture."""
    known = (~hole).astype(np.float32)
    # One by one: OpenCV resizes four channels at most.
    planes = [extend(channels[..., n : n + 1], known) for n in range(channels.shape[2])]
    return np.dstack(planes)
