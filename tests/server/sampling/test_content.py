"""Latent noise and latent nothing: what is under the mask plays no part in what comes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from scumble_protocol.choices import MaskedContent
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.sampling.content import latent_content
from scumble_server.sampling.noise import Noise
from scumble_server.work.report import silent
from tests.server.sampling.jobs import SIDE, make_crop, make_request, sample_one

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE = torch.Size((1, 4, 32, 32))


def noise_of(seeds: tuple[int, ...]) -> Noise:
    return Noise(seeds, SHAPE, torch.device("cpu"))


def found(content: MaskedContent, mask: float, seeds: tuple[int, ...] = (1, 2)) -> torch.Tensor:
    original = torch.full(SHAPE, 9.0)
    return latent_content(content, original, torch.full((1, 1, 32, 32), mask), seeds, noise_of)


def test_nothing_is_zeros_and_noise_is_each_seed_s_own_normal_noise() -> None:
    assert not found(MaskedContent.NOTHING, 1.0).any()
    first, second = found(MaskedContent.NOISE, 1.0)
    assert abs(float(first.mean())) < 0.1
    assert float(first.std()) == pytest.approx(1, abs=0.1)
    assert not torch.equal(first, second)
    assert torch.equal(found(MaskedContent.NOISE, 1.0, (2,))[0], second)
    # The noise that is added to it is another.
    added = noise_of((1,)).draw()[0]
    assert abs(float((first * added).mean())) < 0.1


@pytest.mark.parametrize("content", [MaskedContent.NOISE, MaskedContent.NOTHING])
def test_where_a_selection_is_faint_the_picture_is_kept(content: MaskedContent) -> None:
    for faint in (0.0, 0.3, 0.75):
        assert (found(content, faint) == 9).all()
    assert 0 < float(found(content, 0.9).mean()) < 9


@pytest.mark.parametrize("content", [MaskedContent.NOISE, MaskedContent.NOTHING])
def test_nothing_of_the_picture_is_left_at_any_strength(
    content: MaskedContent, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    model, crop = tiny_model("sd1"), make_crop()
    other = replace(crop, image=1 - crop.image)

    def pictures(what: MaskedContent) -> list[bytes]:
        request = make_request(strength=0.4, content=what)
        return [sample_one(one, model, request, 3, silent).tobytes() for one in (crop, other)]

    ours, theirs = pictures(content)
    assert ours == theirs
    original, _ = pictures(MaskedContent.ORIGINAL)
    assert original != ours


def test_outside_the_mask_the_picture_stays(tiny_model: Callable[[str], DiffusionModel]) -> None:
    model = tiny_model("sd1")
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[:, 32:] = 1
    crop = make_crop(mask)
    finished: list[torch.Tensor] = []
    with pytest.MonkeyPatch.context() as patch, torch.inference_mode():
        patch.setattr(model, "decode", finished.append)
        for content in (MaskedContent.NOISE, MaskedContent.NOTHING):
            sample_one(crop, model, make_request(content=content), 3, silent)
        original = model.encode(crop.image)
    for latents in finished:
        assert torch.equal(latents[..., :4], original[..., :4])
        assert not torch.equal(latents[..., 4:], original[..., 4:])
