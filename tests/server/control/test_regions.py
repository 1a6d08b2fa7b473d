"""Prompts of regions hold where their regions are, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scumble_protocol.choices import Sampler
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import Region
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from scumble_server.app import STARTER_FOLDER
from scumble_server.control.guides import Guides
from scumble_server.control.references import in_place
from scumble_server.control.regions import blended, latent_region
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.prompts.library import Library
from scumble_server.prompts.wording import word
from scumble_server.sampling.loop import prepare_guidance
from scumble_server.sampling.rescale import Rescale
from scumble_server.sampling.trajectory import Trajectory
from scumble_server.work.report import silent
from tests.server.control.conftest import Get
from tests.server.sampling.jobs import SIDE, make_crop, make_request, sample_one

MASK = ImageRef("2" * 32, make_request().context.size, PixelFormat.GRAY8)


UNCHANGED = Rescale(0.0, cast("Trajectory", None))
"""No CFG rescale, which alone would look at the way."""


def request_with(*prompts: str, **changes: object) -> Regenerate:
    return make_request(regions=tuple(Region(prompt, MASK) for prompt in prompts), **changes)


def left_half(side: int = SIDE) -> NDArray[np.float32]:
    mask = np.zeros((side, side), np.float32)
    mask[:, : side // 2] = 1
    return mask


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
@pytest.mark.parametrize("cfg", [1.0, 5.0])
def test_outside_its_region_a_prompt_changes_no_prediction(
    family: str, cfg: float, model: Get
) -> None:
    latents = torch.randn(2, 4, 8, 8)

    def predicted(*prompts: str, mask: NDArray[np.float32]) -> torch.Tensor:
        crop = replace(make_crop(), guides=Guides(regions=(mask,) * len(prompts)))
        request = request_with(*prompts, cfg=cfg)
        with torch.inference_mode(), in_place((), model(family).unet) as references:
            guided = prepare_guidance(
                crop, model(family), request, count=2, references=references, rescale=UNCHANGED
            )
            return guided(latents, torch.tensor(500), 0, 10)

    base = predicted(mask=left_half())
    blue = predicted("a blue car", mask=left_half())
    everywhere = predicted("a blue car", mask=np.ones((SIDE, SIDE), np.float32))
    assert torch.equal(blue[..., 4:], base[..., 4:])
    assert torch.equal(blue[..., :4], everywhere[..., :4])
    assert not torch.allclose(blue[..., :4], base[..., :4], atol=1e-3)


def test_grey_shares_with_what_is_below() -> None:
    base, below, above = (torch.full((1, 4, 2, 2), value) for value in (0.0, 1.0, 3.0))
    masks = [torch.full((1, 1, 2, 2), 1.0), torch.full((1, 1, 2, 2), 0.5)]
    assert torch.equal(blended(base, [below, above], masks), torch.full((1, 4, 2, 2), 2.0))


def test_a_latent_s_share_is_that_of_its_pixels() -> None:
    mask = np.zeros((8, 16), np.float32)
    mask[:2, 8:] = 1
    shares = latent_region(mask, 8, torch.device("cpu"))
    assert shares.tolist() == [[[[0.0, 0.25]]]]


def test_regions_side_by_side_in_a_batch_are_what_each_seed_alone_makes(model: Get) -> None:
    crop = replace(make_crop(), guides=Guides(regions=(left_half(), 1 - left_half())))
    request = request_with("a blue car", "a green tree")
    both = model("sd1").sample(crop, request, (1, 2), silent)
    for made, seed in zip(both, (1, 2), strict=True):
        alone = sample_one(crop, model("sd1"), request, seed, silent)
        assert float(np.abs(made - alone).max()) < 1e-3


def test_choices_in_a_region_are_made_by_the_seed() -> None:
    request = request_with("a {red|green|blue|grey} car", "a {red|green|blue|grey} car")
    said = {word(request, seed, Library()).regions for seed in range(200)}
    assert len(said) == 16, "each region chooses for itself"
    asked = word(request, 3, Library()).asked(request)
    assert "{" not in asked.regions[0].prompt
    assert asked.regions[0].mask == MASK


def test_a_lora_in_a_region_is_refused() -> None:
    with pytest.raises(RequestError) as caught:
        word(request_with("a car <lora:rust:1>"), 0, Library())
    assert caught.value.code is ErrorCode.INVALID_VALUE
    assert "rust" in caught.value.message


@pytest.fixture(scope="module")
def starter() -> Iterator[DiffusionModel]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so that the sums are the same on every machine
    shelf = Shelf(Catalog([STARTER_FOLDER / "none"], STARTER_FOLDER), torch.device("cpu"))
    model = shelf.get("starter", silent)
    assert isinstance(model, DiffusionModel)
    yield model
    torch.set_num_threads(threads)


def test_the_starter_paints_two_things_in_two_halves(starter: DiffusionModel) -> None:
    side = 256
    crop = replace(make_crop(side=side), guides=Guides(regions=(left_half(side),)))
    request = replace(
        request_with("a red apple on a white background"),
        prompt="a blue car on a white background",
        negative="",
        strength=1.0,
        steps=10,
        cfg=4.0,
        sampler=Sampler.DPMPP_2M,
    )
    for seed in range(3):
        made = sample_one(crop, starter, request, seed, silent)
        left, right = (redness(half) for half in np.split(made, 2, axis=1))
        assert left > 0.05 > -0.05 > right


def redness(picture: NDArray[np.float32]) -> float:
    """How much more red than blue there is."""
    return float(np.mean(picture[..., 0] - picture[..., 2]))
