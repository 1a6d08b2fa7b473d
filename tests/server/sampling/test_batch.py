"""Several variations at once are what each would be alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from scumble_protocol.choices import Sampler
from scumble_protocol.messages import Phase
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.sampling.samplers import RECIPES
from scumble_server.work.report import ProgressReport, Report, silent
from tests.server.sampling.jobs import half_mask, make_crop, make_request, sample_one

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDS = (5, 900, 2**63 - 1)


@pytest.mark.parametrize("name", ["sd1", "sdxl", "sdxl-inpaint"])
@pytest.mark.parametrize("cfg", [1.0, 5.0])
def test_a_batch_gives_what_each_seed_gives_alone(
    name: str, cfg: float, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    model, crop, request = tiny_model(name), make_crop(half_mask()), make_request(cfg=cfg)
    together = model.sample(crop, request, SEEDS, silent)
    assert len(together) == 3
    for seed, image in zip(SEEDS, together, strict=True):
        alone = sample_one(crop, model, request, seed, silent)
        np.testing.assert_allclose(image, alone, atol=1e-3)
    assert np.abs(together[0] - together[1]).mean() > 1 / 255


@pytest.mark.parametrize("sampler", list(RECIPES))
def test_every_sampler_draws_the_noise_of_each_seed_for_itself(
    sampler: Sampler, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    model, request = tiny_model("sd1"), make_request(sampler=sampler)
    first, second = model.sample(make_crop(), request, (3, 4), silent)
    np.testing.assert_allclose(first, sample_one(make_crop(), model, request, 3, silent), atol=2e-3)
    np.testing.assert_allclose(
        second, sample_one(make_crop(), model, request, 4, silent), atol=2e-3
    )


def test_a_batch_is_one_evaluation_a_step(tiny_model: Callable[[str], DiffusionModel]) -> None:
    model = tiny_model("sd1")
    sizes: list[int] = []
    hook = model.unet.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    model.sample(make_crop(), make_request(steps=4, strength=1.0), SEEDS, silent)
    hook.remove()
    assert sizes == [6] * 4


def test_every_picture_of_a_batch_is_reported_when_it_is_decoded(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    told: list[Report] = []
    tiny_model("sd1").sample(make_crop(), make_request(), SEEDS, told.append)
    progress = [report for report in told if isinstance(report, ProgressReport)]
    decoding = [(p.step, p.of) for p in progress if p.phase is Phase.DECODING]
    # On a slow machine a picture is told of again while it is decoded, so that a cancel is heard.
    assert list(dict.fromkeys(decoding)) == [(0, 3), (1, 3), (2, 3)]
