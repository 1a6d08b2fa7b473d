"""How true samplers are, on pictures whose best estimate is known: independent normal numbers."""

from __future__ import annotations

import math

import diffusers
import pytest
import torch

from scumble_protocol.choices import Sampler, Schedule, schedules_for
from scumble_server.sampling import schedule as scheduling
from scumble_server.sampling.noise import Noise
from scumble_server.sampling.samplers import RECIPES
from scumble_server.sampling.schedule import make_trajectory
from tests.server.models.checkpoints import SCHEDULER

SHAPE = torch.Size((1, 4, 96, 96))


def spread(sampler: Sampler, schedule: Schedule, steps: int, true_spread: float) -> float:
    """The standard deviation of what is sampled with perfect predictions, to the true one."""
    noise = Noise((1,), SHAPE, torch.device("cpu"))
    way = make_trajectory(sampler, schedule, SCHEDULER, steps=steps, strength=1.0, noise=noise)
    sample = way.noised(true_spread * torch.randn(SHAPE), noise.draw(), 0)
    for evaluation in range(len(way)):
        level = way.levels[evaluation]
        way.scaled(sample, evaluation)
        share = level.signal * true_spread**2
        estimate = share / (level.signal * share + level.noise**2) * sample
        predicted = (sample - level.signal * estimate) / level.noise
        sample = way.step(predicted, evaluation, sample)
    return float(sample.std()) / true_spread


@pytest.mark.parametrize(
    "sampler", [each for each in RECIPES if each not in {Sampler.LCM, Sampler.TCD}]
)
def test_samplers_come_to_pictures_as_lively_as_the_true_ones(sampler: Sampler) -> None:
    # LCM and TCD are for models whose predictions are no estimates but pictures.
    for true_spread in (0.4, 1.0):
        for schedule in (Schedule.AUTOMATIC, Schedule.KARRAS, Schedule.EXPONENTIAL):
            if schedule in schedules_for(sampler):
                # The first order is exact only in the limit of small steps.
                assert spread(sampler, schedule, 60, true_spread) == pytest.approx(1, abs=0.15)


def test_the_third_order_is_truer_than_the_second_and_than_diffusers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def error(sampler: Sampler) -> float:
        ratios = [spread(sampler, Schedule.KARRAS, 40, true) for true in (0.3, 1.0)]
        return max(abs(math.log(ratio)) for ratio in ratios)

    third, second = error(Sampler.DPMPP_3M_SDE), error(Sampler.DPMPP_2M_SDE)
    monkeypatch.setattr(scheduling, "_kind", lambda _recipe: diffusers.DPMSolverMultistepScheduler)
    theirs = error(Sampler.DPMPP_3M_SDE)
    assert third < second < theirs
    assert third < theirs / 3
