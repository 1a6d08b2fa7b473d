"""Schedules: their levels, their counting, and their noise."""

from __future__ import annotations

import pytest
import torch

from scumble_protocol.choices import Sampler
from scumble_server.sampling.hold import Hold, latent_mask
from scumble_server.sampling.noise import Noise, SeededBrownian
from scumble_server.sampling.pace import Pace
from scumble_server.sampling.schedule import Schedule, make_schedule
from tests.server.models.checkpoints import SCHEDULER
from tests.server.sampling.jobs import half_mask

SHAPE = torch.Size((1, 4, 8, 8))
CPU = torch.device("cpu")


def schedule_of(
    sampler: Sampler, *, steps: int = 10, strength: float = 1.0, prediction: str = "epsilon"
) -> Schedule:
    config = SCHEDULER | {"prediction_type": prediction}
    return make_schedule(
        sampler, config, steps=steps, strength=strength, noise=Noise((1,), SHAPE, CPU)
    )


@pytest.mark.parametrize("sampler", list(Sampler))
@pytest.mark.parametrize(("strength", "run"), [(0.05, 1), (0.25, 2), (0.5, 5), (0.99, 9), (1, 10)])
def test_the_strength_says_how_many_steps_are_run(
    sampler: Sampler, strength: float, run: int
) -> None:
    schedule = schedule_of(sampler, strength=strength)
    assert schedule.steps == run
    order = schedule.scheduler.order
    assert len(schedule) == (run if order == 1 else 2 * run - 1)
    assert schedule.steps_done(0) == 0
    assert schedule.steps_done(len(schedule)) == run


@pytest.mark.parametrize("sampler", list(Sampler))
def test_noise_falls_from_level_to_level_down_to_the_finished_picture(sampler: Sampler) -> None:
    schedule = schedule_of(sampler)
    ratios = [level.noise / level.signal for level in schedule.levels]
    assert ratios == sorted(ratios, reverse=True)
    assert (schedule.levels[-1].signal, schedule.levels[-1].noise) == (1, 0)
    # Stable Diffusion's schedule begins at a noise of 14.6 to a signal of 1, or one step later.
    assert 8 < ratios[0] < 15


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("sampler", list(Sampler))
def test_the_finished_latents_are_estimated_from_one_true_prediction(
    sampler: Sampler, prediction: str
) -> None:
    schedule = schedule_of(sampler, prediction=prediction)
    original, noise = torch.randn(SHAPE), torch.randn(SHAPE)
    for evaluation in range(len(schedule)):
        level = schedule.levels[evaluation]
        power = (level.signal**2 + level.noise**2) ** 0.5
        predicted = {
            "epsilon": noise,
            "sample": original,
            "v_prediction": (level.signal * noise - level.noise * original) / power,
        }[prediction]
        sample = schedule.noised(original, noise, evaluation)
        estimate = schedule.estimate(predicted, evaluation, sample)
        assert torch.allclose(estimate, original, atol=1e-3)


@pytest.mark.parametrize("sampler", list(Sampler))
def test_true_predictions_lead_to_the_picture(sampler: Sampler) -> None:
    schedule = schedule_of(sampler, steps=20, strength=0.5)
    original, noise = torch.randn(SHAPE), torch.randn(SHAPE)
    sample = schedule.noised(original, noise, 0)
    for evaluation in range(len(schedule)):
        level = schedule.levels[evaluation]
        schedule.scaled(sample, evaluation)
        # Whatever the sampler's own noise did, this is what is noise in the sample now.
        predicted = (sample - level.signal * original) / level.noise
        sample = schedule.step(predicted, evaluation, sample)
    # DDIM stops at the lowest level that models are trained on, where some noise is left.
    left = 0.03 if sampler is Sampler.DDIM else 0.001
    assert float((sample - original).std()) < left


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
    schedule = schedule_of(Sampler.EULER)
    original, noise = torch.randn(SHAPE), torch.randn(SHAPE)
    hold = Hold(original, noise, torch.full((1, 1, 8, 8), strength), schedule)
    running = torch.full(SHAPE, 9.0)
    for level in range(1, 11):
        put_back = schedule.noised(original, noise, level)
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
