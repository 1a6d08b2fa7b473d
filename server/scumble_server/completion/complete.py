"""Completing a picture: from coarse to fine, search and vote."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from scumble_server.completion.descriptors import Describer
from scumble_server.completion.peel import peel
from scumble_server.completion.pyramid import PATCH, RADIUS, Hole, Level, known_patches, pyramid
from scumble_server.completion.search import Matches
from scumble_server.completion.settling import settled
from scumble_server.completion.site import Places, Site
from scumble_server.completion.votes import vote
from scumble_server.pixels import opencv
from scumble_server.pixels.fill import extend
from scumble_server.pixels.opencv import Floats

Told = Callable[[int, int], None]
"""Takes how many steps of how many are done; what it raises ends the work."""

_MOST_SEARCHED = 150_000
"""Missing pixels up to which a size is searched; larger ones take over what smaller ones found."""
_MOST_PAIRS = 400_000_000
"""Comparisons up to which every patch is compared with every other one."""
_FIRST_TURNS = 14
_MOST_TURNS = 9
_FEWEST_TURNS = 3
_NEAR = 30
"""Pixels around the best yet that are searched at the two largest sizes: all but the details is
decided there."""
_MILD = 2.0
_STRICT = 8.0
"""How steeply a patch counts less where it fits less. At small sizes the mean of many finds what
suits all sides; at large ones it would be a blur, so that few have to decide."""
_FALLING_OFF = 1.3
"""The deeper in the hole, the less is a patch to be trusted: by this factor for each pixel."""
_CLEARLY = 0.2
"""How much less strange a guess must be that may make something up."""
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
    filled: Floats = picture.copy()
    filled[window] = _completed(picture[window], hole[window], seed, told)
    return filled


def _completed(picture: Floats, hole: Hole, seed: int, told: Told) -> Floats:
    levels = pyramid(picture, hole) if known_patches(hole).any() else []
    if not levels or np.count_nonzero(levels[-1].hole) > _MOST_SEARCHED:
        return _smooth(picture, hole)
    stage, found = _from_coarse_to_fine(levels, _Run(seed, told, levels))
    filled = settled(stage.site, stage.values[:, : picture.shape[2]], found)
    completed: Floats = np.where(hole[..., None], filled, picture)
    return completed


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
        levels: What there is to do.
    """

    def __init__(self, seed: int, told: Told, levels: list[Level]) -> None:
        self.random = np.random.default_rng(seed)
        self._told = told
        self._done = 0
        self._of = sum(_turns(levels, number) + 1 for number in range(len(levels)))

    def ask(self) -> None:
        """Give the job a chance to be stopped."""
        self._told(self._done, self._of)

    def step(self) -> None:
        """Another step is done."""
        self._done += 1
        self.ask()


def _turns(levels: list[Level], number: int) -> int:
    """How often a size is searched and voted on; number 0 is the largest one."""
    if number == len(levels) - 1:
        return 2 * _FIRST_TURNS
    if np.count_nonzero(levels[number].hole) > _MOST_SEARCHED:
        return 0
    return min(_MOST_TURNS, _FEWEST_TURNS + 2 * number)


def _from_coarse_to_fine(levels: list[Level], run: _Run) -> tuple[_Stage, Places]:
    stage, found = _began(levels[-1], run)
    for number, level in reversed(list(enumerate(levels[:-1]))):
        coarse, stage = stage.site, _Stage(level, level.channels, run)
        found = _taken_over(coarse, found, stage.site, run.random)
        stage.vote(found, stage.trust, stage.site.window[::2])
        run.step()
        if turns := _turns(levels, number):
            found = stage.improved(found, turns, is_large=number < 2)
    return stage, found


def _began(level: Level, run: _Run) -> tuple[_Stage, Places]:
    """The smallest size, completed from the better of two first guesses.

    A smooth guess suits skies and walls, and makes nothing up; but in gravel it may end as a single
    bald stone. So layers from the outside in are taken where they end as lively as what is around.
    """
    smooth = _Stage(level, _smooth(level.channels, level.hole), run)
    first = run.random.choice(smooth.site.sources, len(smooth.site.targets))
    run.step()
    found = smooth.improved(first, _FIRST_TURNS, is_large=False)
    if not smooth.is_small:
        return smooth, found
    peeled = _Stage(level, level.channels, run)
    peeled.values = peel(peeled.site, peeled.values)
    other = peeled.improved(first, _FIRST_TURNS, is_large=False)
    is_better = peeled.strangeness() < smooth.strangeness() - _CLEARLY
    return (peeled, other) if is_better else (smooth, found)


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
        self.is_small = len(self.site.targets) * len(self.site.sources) <= _MOST_PAIRS
        self._run = run

    def strangeness(self) -> float:
        """How much calmer or livelier the hole is than what lies around it; 0 if it is not."""
        picture = self.site.unframed(self.values)
        inside = self.site.hole.astype(np.uint8)
        ring = opencv.dilated(inside, PATCH, 2) - inside
        steps = np.abs(np.diff(picture, axis=0))[:, 1:] + np.abs(np.diff(picture, axis=1))[1:]
        # Half of what there is, since a few edges would outweigh a whole sky.
        usual = [
            float(np.median(steps[mask[1:, 1:] > 0])) if mask[1:, 1:].any() else 0.0
            for mask in (inside, ring)
        ]
        return abs(math.log((usual[0] + 1e-3) / (usual[1] + 1e-3)))

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

    def improved(self, found: Places, turns: int, *, is_large: bool) -> Places:
        """Better matches, after searching and voting by turns.

        Args:
            found: The sources to begin with.
            turns: How often.
            is_large: Whether this is one of the largest sizes.
        """
        site = self.site
        describe = Describer.of(site, self.values)
        matches = Matches(site, describe(self.values, site.sources), self._run.random, found)
        for _ in range(turns):
            matches.want(describe(self.values, site.targets))
            if turns == _FIRST_TURNS and self.is_small:
                matches.search_everywhere()
            else:
                matches.search(_NEAR if is_large else max(site.width, site.height))
            likeness = _likeness(matches.distance, _STRICT if is_large else _MILD)
            self.vote(matches.found, self.trust * likeness, site.window)
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


def _likeness(distance: Floats, strictness: float) -> Floats:
    """How much each patch counts for how well it fits."""
    usual = max(float(np.median(distance)), 1e-8)
    likeness: Floats = np.exp(np.float32(-strictness / usual) * distance) + _LEAST
    return likeness


def _smooth(channels: Floats, hole: Hole) -> Floats:
    """The channels with their hole filled without texture."""
    known = (~hole).astype(np.float32)
    # One by one: OpenCV resizes four channels at most.
    planes = [extend(channels[..., n : n + 1], known) for n in range(channels.shape[2])]
    return np.dstack(planes)
