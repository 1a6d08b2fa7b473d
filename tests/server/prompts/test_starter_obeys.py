"""Weights do on a real model what a painter means by them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from scumble_protocol.choices import Sampler
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent
from tests.server.sampling.jobs import make_crop, make_request, sample_one

SIDE = 256
SEEDS = range(3)


@pytest.fixture(scope="module")
def starter() -> Iterator[DiffusionModel]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so that the sums are the same on every machine
    shelf = Shelf(Catalog([STARTER_FOLDER / "none"], STARTER_FOLDER), torch.device("cpu"))
    model = shelf.get("starter", silent)
    assert isinstance(model, DiffusionModel)
    yield model
    torch.set_num_threads(threads)


def test_a_plain_prompt_is_encoded_as_diffusers_does_to_the_bit(starter: DiffusionModel) -> None:
    with torch.inference_mode():
        ours = starter.encode_text("a red apple on sand", "blue", guided=True)
        wanted, unwanted = starter.pipeline.encode_prompt(
            "a red apple on sand", starter.device, 1, True, "blue"
        )
    assert torch.equal(ours.hidden, torch.cat([unwanted, wanted]))


def redness(model: DiffusionModel, prompt: str) -> float:
    """How much more red than green there is, -1 to 1, on average over a few seeds."""
    request = make_request(
        prompt=prompt, negative="", strength=1.0, steps=10, cfg=4.0, sampler=Sampler.DPMPP_2M
    )
    pictures = [sample_one(make_crop(side=SIDE), model, request, seed, silent) for seed in SEEDS]
    return float(np.mean([picture[..., 0] - picture[..., 1] for picture in pictures]))


def test_more_weight_on_red_makes_it_redder(starter: DiffusionModel) -> None:
    prompts = [
        f"a (red:{red}) (green:{2 - red}) car on a white background" for red in (0.5, 1.0, 1.5)
    ]
    reds = [redness(starter, prompt) for prompt in prompts]
    assert reds[0] + 0.01 < reds[1] < reds[2] - 0.01


def test_what_stands_beyond_the_encoder_s_length_counts(starter: DiffusionModel) -> None:
    filler = "balloon, " * 16
    assert starter.measure(filler).chunks == 2
    ends = [f"{filler} a {colour} background" for colour in ("red", "green")]
    reds = [redness(starter, end) for end in ends]
    assert reds[0] > reds[1] + 0.05
