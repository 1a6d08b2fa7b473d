"""CFG rescale: guided predictions get back the contrast of unguided ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import diffusers
import pytest
import torch

from scumble_protocol.choices import Sampler, Schedule
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.sampling.noise import Noise
from scumble_server.sampling.rescale import Rescale, rescaled
from scumble_server.sampling.schedule import make_trajectory
from scumble_server.sampling.trajectory import Level
from scumble_server.work.report import silent
from tests.server.models.checkpoints import SCHEDULER
from tests.server.sampling.jobs import make_crop, make_request, sample_one

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_rescaled_predictions_equal_diffusers(share: float) -> None:
    guided, wanted = 5 * torch.randn(3, 4, 8, 8), torch.randn(3, 4, 8, 8)
    theirs = diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion.rescale_noise_cfg(
        guided, wanted, guidance_rescale=share
    )
    assert torch.allclose(rescaled(guided, wanted, share), theirs, atol=1e-5)


def test_each_sample_is_brought_to_its_own_contrast() -> None:
    guided = torch.randn(2, 4, 16, 16) * torch.tensor([3.0, 9.0])[:, None, None, None]
    wanted = torch.randn(2, 4, 16, 16) * torch.tensor([1.0, 2.0])[:, None, None, None]
    spread = rescaled(guided, wanted, 1.0).std(dim=(1, 2, 3))
    assert torch.allclose(spread, wanted.std(dim=(1, 2, 3)), rtol=1e-4)


def test_a_prediction_without_any_contrast_stays_finite() -> None:
    flat = torch.zeros(1, 4, 8, 8)
    assert torch.isfinite(rescaled(flat, flat, 1.0)).all()


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_whatever_a_model_predicts_the_same_picture_is_rescaled(prediction: str) -> None:
    noise = Noise((1,), torch.Size((1, 4, 8, 8)), torch.device("cpu"))
    config = SCHEDULER | {"prediction_type": prediction}
    way = make_trajectory(
        Sampler.DPMPP_2M, Schedule.KARRAS, config, steps=10, strength=1.0, noise=noise
    )
    torch.manual_seed(1)
    sample, wanted, guided = (
        torch.randn(1, 4, 8, 8),
        torch.randn(1, 4, 8, 8),
        torch.randn(1, 4, 8, 8),
    )
    for evaluation in (0, 5, 9):
        at = way.levels[evaluation]

        def predicted(velocity: torch.Tensor, at: Level = at) -> torch.Tensor:
            if prediction == "epsilon":
                return at.signal * velocity + at.noise * sample
            if prediction == "sample":
                return at.signal * sample - at.noise * velocity
            return velocity

        made = Rescale(0.7, way)(predicted(4 * guided), predicted(wanted), sample, evaluation)
        expected = predicted(rescaled(4 * guided, wanted, 0.7))
        assert torch.allclose(made, expected, atol=1e-3)


def test_the_rescale_changes_guided_pictures_and_no_others(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model = tiny_model("sd1")

    def picture(**changes: object) -> bytes:
        return sample_one(make_crop(), model, make_request(**changes), 3, silent).tobytes()

    assert len({picture(cfg_rescale=share) for share in (0.0, 0.4, 1.0)}) == 3
    assert picture(cfg=1.0, cfg_rescale=1.0) == picture(cfg=1.0)
