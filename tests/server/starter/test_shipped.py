"""The starter that ships: small, without pickles, and obeyed by every sampler that is offered."""

from __future__ import annotations

from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from scumble_protocol.choices import Sampler
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import STARTER, Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.sampling.samplers import RECIPES
from scumble_server.work.report import silent
from starter import export, judge
from tests.server.sampling.jobs import make_crop, make_request, sample_one

SIZE_LIMIT = 50e6
"""Bytes of all files together."""

SIDE = 256

PROMPT = "a sunflower on a purple background"


@pytest.fixture(scope="module")
def pipe() -> Any:
    loaded = export.read(STARTER_FOLDER)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def picture_of(images: list[Image.Image]) -> NDArray[np.uint8]:
    return np.asarray(images[0])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def assert_sunflower_on_purple(pixels: NDArray[np.uint8]) -> None:
    """Smooth, purple at the rim, and yellow where a flower's leaves are: no noise, no blank."""
    roughness = np.abs(np.diff(pixels.astype(np.int16), axis=0)).mean()
    assert roughness < 12, "a picture, not noise"
    assert judge.backdrop_colour(pixels) == "purple"
    red, green, blue = np.moveaxis(pixels.astype(np.int16), 2, 0)
    yellow = (red > 150) & (green > 110) & (blue < green - 60)
    assert 0.03 < yellow.mean() < 0.5
    assert yellow[:, SIDE // 4 : -SIDE // 4].mean() > yellow.mean()


def test_it_is_small_enough_to_ship() -> None:
    assert export.megabytes(STARTER_FOLDER) * 1e6 <= SIZE_LIMIT


def test_it_holds_weights_tables_and_words_only() -> None:
    files = [path for path in STARTER_FOLDER.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= export.SUFFIXES
    assert {path.parent.name for path in files if path.suffix == ".safetensors"} == {
        "text_encoder",
        "unet",
        "vae",
    }


def test_its_card_names_data_licences_figures_and_limits() -> None:
    card = (STARTER_FOLDER / "README.md").read_text(encoding="utf-8")
    for heading in ("## What it knows", "## Data", "## Figures", "## Limits"):
        assert heading in card
    assert "MIT" in card


@pytest.mark.parametrize(
    "loader",
    ["AutoPipelineForText2Image", "AutoPipelineForImage2Image", "AutoPipelineForInpainting"],
)
def test_stock_diffusers_loads_it_for_every_task(loader: str) -> None:
    loaded = getattr(diffusers, loader).from_pretrained(STARTER_FOLDER, local_files_only=True)
    assert loaded.unet.config.sample_size * 8 == SIDE


@pytest.fixture(scope="module")
def loaded() -> DiffusionModel:
    found = Shelf(Catalog([], STARTER_FOLDER), torch.device("cpu")).get(STARTER, silent)
    assert isinstance(found, DiffusionModel)
    return found


@pytest.mark.parametrize("sampler", list(RECIPES))
def test_every_sampler_gives_a_picture_with_the_backdrop_asked_for(
    loaded: DiffusionModel, sampler: Sampler
) -> None:
    asked = make_request(
        prompt=PROMPT, negative="", strength=1.0, steps=12, cfg=4.0, sampler=sampler
    )
    made = sample_one(make_crop(side=SIDE), loaded, asked, 0, silent)
    assert_sunflower_on_purple((made * 255).round().astype(np.uint8))


def test_four_steps_without_guidance_are_enough(pipe: Any) -> None:
    recipe = RECIPES[Sampler.DPMPP_2M]
    config = dict(pipe.scheduler.config) | dict(recipe.changes)
    own = pipe.scheduler
    pipe.scheduler = getattr(diffusers, recipe.scheduler).from_config(config)
    images = pipe(PROMPT, num_inference_steps=4, guidance_scale=1.0, generator=seeded()).images
    pipe.scheduler = own
    assert_sunflower_on_purple(picture_of(images))


@pytest.mark.parametrize("side", [128, 512])
def test_smaller_and_larger_pictures_keep_the_backdrop(pipe: Any, side: int) -> None:
    images = pipe(PROMPT, num_inference_steps=4, height=side, width=side, generator=seeded())
    pixels = picture_of(images.images)
    assert pixels.shape == (side, side, 3)
    assert judge.backdrop_colour(pixels) == "purple"


def test_image_to_image_keeps_the_layout_at_low_strength(pipe: Any) -> None:
    task = diffusers.AutoPipelineForImage2Image.from_pipe(pipe)
    task.set_progress_bar_config(disable=True)
    sketch = np.full((SIDE, SIDE, 3), (130, 60, 180), np.uint8)
    sketch[64:192, 64:192] = (250, 214, 50)
    result = picture_of(
        task(
            PROMPT,
            image=Image.fromarray(sketch),
            strength=0.4,
            num_inference_steps=15,
            generator=seeded(),
        ).images
    )
    assert np.abs(result.astype(np.int16) - sketch).mean() < 40


def test_inpainting_changes_the_hole(pipe: Any) -> None:
    task = diffusers.AutoPipelineForInpainting.from_pipe(pipe)
    task.set_progress_bar_config(disable=True)
    ground = np.full((SIDE, SIDE, 3), (60, 160, 70), np.uint8)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[48:208, 48:208] = 255
    result = picture_of(
        task(
            "a red apple",
            image=Image.fromarray(ground),
            mask_image=Image.fromarray(mask),
            height=SIDE,
            width=SIDE,
            strength=1.0,
            num_inference_steps=15,
            generator=seeded(),
        ).images
    )
    change = np.abs(result.astype(np.int16) - ground).mean(-1)
    assert change[80:176, 80:176].mean() > 3 * change[:32].mean()


def test_a_strange_prompt_gives_a_picture_and_no_noise(pipe: Any) -> None:
    pixels = picture_of(
        pipe("zxqv wolpertinger 💥", num_inference_steps=12, generator=seeded()).images
    )
    roughness = np.abs(np.diff(pixels.astype(np.int16), axis=0)).mean()
    assert pixels.std() > 5
    assert roughness < 20


def test_the_same_seed_gives_the_same_picture(pipe: Any) -> None:
    def once() -> NDArray[np.uint8]:
        return picture_of(pipe(PROMPT, num_inference_steps=3, generator=seeded(7)).images)

    assert np.array_equal(once(), once())
