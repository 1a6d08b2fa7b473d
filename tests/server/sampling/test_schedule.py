"""Trajectories: their levels, their counting, and their noise."""

from __future__ import annotations

import itertools

import diffusers
import numpy as np
import pytest
import torch

from scumble_protocol.choices import Sampler, Schedule, schedules_for
from scumble_server.sampling.hold import Hold, latent_mask
from scumble_server.sampling.noise import Noise, SeededBrownian
from scumble_server.sampling.pace import Pace
from scumble_server.sampling.samplers import RECIPES, samplers_for
from scumble_server.sampling.schedule import make_trajectory
from scumble_server.sampling.tables import beta_quantiles
from scumble_server.sampling.trajectory import Trajectory
from tests.server.models.checkpoints import SCHEDULER
from tests.server.sampling.jobs import half_mask

SHAPE = torch.Size((1, 4, 8, 8))
CPU = torch.device("cpu")
COMBINATIONS = [(sampler, schedule) for sampler in RECIPES for schedule in schedules_for(sampler)]

every_combination = pytest.mark.parametrize(("sampler", "schedule"), COMBINATIONS)


def way_of(
    sampler: Sampler,
    schedule: Schedule = Schedule.AUTOMATIC,
    *,
    steps: int = 10,
    strength: float = 1.0,
    full_steps: bool = False,
    prediction: str = "epsilon",
) -> Trajectory:
    return make_trajectory(
        sampler,
        schedule,
        SCHEDULER | {"prediction_type": prediction},
        steps=steps,
        strength=strength,
        full_steps=full_steps,
        noise=Noise((1,), SHAPE, CPU),
    )


@pytest.mark.parametrize("sampler", list(RECIPES))
@pytest.mark.parametrize(("strength", "run"), [(0.05, 1), (0.25, 2), (0.5, 5), (0.99, 9), (1, 10)])
def test_the_strength_says_how_many_steps_are_run(
    sampler: Sampler, strength: float, run: int
) -> None:
    assert_runs(way_of(sampler, strength=strength), run)


@every_combination
@pytest.mark.parametrize("strength", [0.05, 0.4])
def test_full_steps_are_run_at_every_strength(
    sampler: Sampler, schedule: Schedule, strength: float
) -> None:
    way = way_of(sampler, schedule, strength=strength, full_steps=True)
    assert_runs(way, 10)
    # They begin where the strength says that the picture is, but in finer steps.
    coarse = way_of(sampler, schedule, steps=100, strength=strength)
    ours, theirs = (at.levels[0].noise / at.levels[0].signal for at in (way, coarse))
    assert ours == pytest.approx(theirs, rel=0.2)


def test_no_more_steps_are_run_than_there_are_levels() -> None:
    way = way_of(Sampler.DDIM, steps=200, strength=0.05, full_steps=True)
    assert_runs(way, 50)


def assert_runs(way: Trajectory, run: int) -> None:
    assert way.steps == run
    assert len(way) == (run if way.scheduler.order == 1 else 2 * run - 1)
    assert way.steps_done(0) == 0
    assert way.steps_done(len(way)) == run


@every_combination
def test_noise_falls_from_level_to_level_down_to_the_finished_picture(
    sampler: Sampler, schedule: Schedule
) -> None:
    way = way_of(sampler, schedule)
    ratios = [level.noise / level.signal for level in way.levels]
    # Heun comes to the next level twice, and the ancestral DPM2, but for rounding errors.
    assert all(next_one <= ratio * 1.0001 for ratio, next_one in itertools.pairwise(ratios))
    assert (way.levels[-1].signal, way.levels[-1].noise) == (1, 0)
    # Stable Diffusion's schedule begins at a noise of 14.6 to a signal of 1, or one step later.
    assert 8 < ratios[0] < 15


@every_combination
@pytest.mark.parametrize("strength", [0.3])
def test_a_noised_original_is_what_the_scheduler_takes_for_one(
    sampler: Sampler, schedule: Schedule, strength: float
) -> None:
    way = way_of(sampler, schedule, strength=strength)
    original, noise = torch.randn(SHAPE), torch.randn(SHAPE)
    theirs = way.scheduler.add_noise(original, noise, way.timesteps[:1])
    assert torch.allclose(way.noised(original, noise, 0), theirs, atol=1e-4)


@pytest.mark.parametrize("sampler", list(RECIPES))
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_the_finished_latents_are_estimated_from_one_true_prediction(
    sampler: Sampler, prediction: str
) -> None:
    way = way_of(sampler, prediction=prediction)
    original, noise = torch.randn(SHAPE), torch.randn(SHAPE)
    for evaluation in range(len(way)):
        level = way.levels[evaluation]
        power = (level.signal**2 + level.noise**2) ** 0.5
        predicted = {
            "epsilon": noise,
            "sample": original,
            "v_prediction": (level.signal * noise - level.noise * original) / power,
        }[prediction]
        sample = way.noised(original, noise, evaluation)
        assert torch.allclose(way.estimate(predicted, evaluation, sample), original, atol=1e-3)


@every_combination
def test_true_predictions_lead_to_the_picture_by_noise_of_the_right_strength(
    sampler: Sampler, schedule: Schedule
) -> None:
    assert_leads_to_the_picture(way_of(sampler, schedule, steps=20, strength=0.5), sampler)


@pytest.mark.parametrize("sampler", list(RECIPES))
def test_they_do_so_in_full_steps(sampler: Sampler) -> None:
    way = way_of(sampler, steps=10, strength=0.3, full_steps=True)
    assert_leads_to_the_picture(way, sampler)


@pytest.mark.parametrize(
    ("sampler", "prediction"),
    [(each, what) for what in ("v_prediction", "sample") for each in samplers_for(what)],
)
def test_they_do_so_whatever_is_predicted(sampler: Sampler, prediction: str) -> None:
    way = way_of(sampler, steps=20, strength=0.5, prediction=prediction)
    assert_leads_to_the_picture(way, sampler)


def assert_leads_to_the_picture(way: Trajectory, sampler: Sampler) -> None:
    original, noise = torch.randn(SHAPE), torch.randn(SHAPE)
    sample = way.noised(original, noise, 0)
    for evaluation in range(len(way)):
        level = way.levels[evaluation]
        way.scaled(sample, evaluation)
        # Whatever the sampler's own noise did, this is what is noise in the sample now.
        noise = (sample - level.signal * original) / level.noise
        assert float(noise.std()) == pytest.approx(1, abs=0.2)
        power = (level.signal**2 + level.noise**2) ** 0.5
        predicted = {
            "epsilon": noise,
            "sample": original,
            "v_prediction": (level.signal * noise - level.noise * original) / power,
        }[way.prediction]
        sample = way.step(predicted, evaluation, sample)
    # These stop at the lowest level that models are trained on, where some noise is left.
    left = 0.04 if sampler in {Sampler.DDIM, Sampler.TCD} else 0.001
    assert float((sample - original).std()) < left


@pytest.mark.parametrize("sampler", [Sampler.EULER, Sampler.DPMPP_2M, Sampler.DPM2])
def test_schedules_are_what_the_field_calls_so(sampler: Sampler) -> None:
    def noise(schedule: Schedule) -> list[float]:
        way = way_of(sampler, schedule, steps=10)
        each = range(0, len(way), int(way.scheduler.order))
        return [way.levels[at].noise / way.levels[at].signal for at in each]

    highest, lowest = 14.6146, 0.0292
    assert noise(Schedule.NORMAL)[0] == pytest.approx(highest, rel=1e-3)
    assert noise(Schedule.NORMAL)[-1] == pytest.approx(lowest, rel=1e-2)
    karras = [level ** (1 / 7) for level in noise(Schedule.KARRAS)]
    assert_even(karras)
    exponential = [torch.tensor(level).log().item() for level in noise(Schedule.EXPONENTIAL)]
    assert_even(exponential)
    assert noise(Schedule.SGM_UNIFORM) == pytest.approx(noise(Schedule.SIMPLE), rel=0.02)
    assert noise(Schedule.SGM_UNIFORM)[-1] > 10 * lowest
    # Beta takes the smallest steps at both ends.
    beta = way_of(Sampler.EULER, Schedule.BETA).timesteps
    steps = (beta[:-1] - beta[1:]).tolist()
    assert steps[0] < steps[4] > steps[-1]


def assert_even(values: list[float]) -> None:
    steps = [first - second for first, second in itertools.pairwise(values)]
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-3)


def test_beta_quantiles_equal_those_that_diffusers_reckons_with() -> None:
    ends = torch.tensor([1.0, 0.0])
    theirs = diffusers.EulerDiscreteScheduler()._convert_to_beta(ends, 11)  # noqa: SLF001
    assert beta_quantiles(np.linspace(1, 0, 11)).tolist() == pytest.approx(theirs, abs=1e-5)


def test_the_files_of_a_model_decide_about_its_automatic_schedule() -> None:
    asked = SCHEDULER | {"use_karras_sigmas": True, "timestep_spacing": "linspace"}
    noise = Noise((1,), SHAPE, CPU)
    automatic, karras = (
        make_trajectory(Sampler.EULER, schedule, config, steps=10, strength=1.0, noise=noise).levels
        for schedule, config in ((Schedule.AUTOMATIC, asked), (Schedule.KARRAS, SCHEDULER))
    )
    assert [at.noise for at in automatic] == pytest.approx([at.noise for at in karras], rel=1e-4)


def test_a_seed_gives_the_same_noise_each_time() -> None:
    first, second = Noise((3,), SHAPE, CPU), Noise((3,), SHAPE, CPU)
    assert torch.equal(first.draw(), second.draw())
    assert not torch.equal(first.draw(), Noise((4,), SHAPE, CPU).draw())


def test_a_brownian_path_gives_normal_noise_that_agrees_with_itself() -> None:
    sigmas = torch.tensor([14.0, 7.0, 2.0, 0.0])
    path = SeededBrownian(sigmas, Noise((3,), torch.Size((1, 4, 64, 64)), CPU))
    whole = path(torch.tensor(14.0), torch.tensor(2.0))
    first = path(torch.tensor(14.0), torch.tensor(7.0))
    second = path(torch.tensor(7.0), torch.tensor(2.0))
    assert abs(float(whole.mean())) < 0.05
    assert abs(float(whole.std()) - 1) < 0.05
    joined = (first * 7**0.5 + second * 5**0.5) / 12**0.5
    assert torch.allclose(whole, joined, atol=1e-4)


def test_a_rounding_error_beyond_the_ends_of_the_path_is_no_harm() -> None:
    path = SeededBrownian(torch.tensor([14.0, 0.03, 0.0]), Noise((3,), SHAPE, CPU))
    assert torch.isfinite(path(torch.tensor(14.00001), torch.tensor(0.02999))).all()


def test_a_latent_takes_the_strongest_of_its_pixels() -> None:
    mask = half_mask()
    mask[3, 62] = 0.25
    latent = latent_mask(mask, 8, CPU)
    assert latent.shape == (1, 1, 8, 8)
    assert float(latent[0, 0, 0, 7]) == 0.25
    assert float(latent.sum()) == 4 * 4 + 0.25


@pytest.mark.parametrize(("strength", "held"), [(0, 10), (0.05, 10), (0.3, 7), (0.7, 3), (1, 0)])
def test_a_latent_is_held_until_its_share_of_the_steps_is_left(strength: float, held: int) -> None:
    way = way_of(Sampler.EULER)
    original, noise = torch.randn(SHAPE), torch.randn(SHAPE)
    hold = Hold(original, noise, torch.full((1, 1, 8, 8), strength), way)
    running = torch.full(SHAPE, 9.0)
    for level in range(1, 11):
        put_back = way.noised(original, noise, level)
        expected = put_back if level <= held else running
        assert torch.equal(hold(running, level), expected)


def test_the_seconds_left_leave_the_first_evaluation_out() -> None:
    ticks = iter([5.0, 6.0, 7.0, 9.5])
    pace = Pace(5, lambda: next(ticks))
    assert [pace.seconds_left(done) for done in (1, 2, 3, 4)] == [-1, 3, 2, 1.5]


def test_previews_are_shown_no_faster_than_they_can_be_told_apart() -> None:
    ticks = iter([7.0, 7.05, 7.09, 7.11, 7.15, 7.3])
    pace = Pace(6, lambda: next(ticks))
    assert [pace.is_preview_due() for _ in range(6)] == [True, False, False, True, False, True]
