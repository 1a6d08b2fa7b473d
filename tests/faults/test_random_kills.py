"""Servers that are killed at random points and moments, while clients come, cancel and go."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from tests.faults.conftest import state_with
from tests.faults.expected import Undisturbed
from tests.faults.world import world
from tests.timing import IS_NIGHTLY

_log = logging.getLogger(__name__)

KILLS = 300 if IS_NIGHTLY else 30
SETTLED_EVERY = 10
"""Kills after which a server may end everything, so that results are compared."""

SEED = 20_262


@pytest.mark.timeout(60 * KILLS)
def test_nothing_is_lost_by_random_kills(
    tmp_path: Path,
    model: Path,
    undisturbed: Undisturbed,
) -> None:
    began = time.monotonic()
    with world(state_with(model, tmp_path / "state"), undisturbed, SEED) as here:
        for number in range(KILLS):
            here.round()
            if (number + 1) % SETTLED_EVERY == 0:
                here.settle()
        jobs = len(here.jobs)
    minutes = (time.monotonic() - began) / 60
    _log.warning("%d kills, %d jobs, %.0f kills a minute", here.kills, jobs, here.kills / minutes)
    assert jobs > KILLS
