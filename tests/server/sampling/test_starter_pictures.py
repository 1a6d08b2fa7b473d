"""Schedules, full steps and masked content on a model that paints: what comes of them is judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scumble_protocol.choices import MaskedContent, Sampler, Schedule
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import STARTER, Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.sampling.samplers import RECIPES
from scumble_server.work.report import silent
from starter import judge
from tests.server.sampling.jobs import make_crop, make_request, sample_one

SIDE = 256
PROMPT = "a sunflower on a purple background"

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def starter() -> DiffusionModel:
    found = Shelf(Catalog([], STARTER_FOLDER), torch.device("cpu")).get(STARTER, silent)
    assert isinstance(found, DiffusionModel)
    return found


def sketch() -> NDArray[np.float32]:
    """A yellow square on purple."""
    drawn = np.full((SIDE, SIDE, 3), (130, 60, 180), np.float32)
    drawn[64:192, 64:192] = (250, 214, 50)
    return np.asarray(drawn / 255, np.float32)


def painted(
    model: DiffusionModel, picture: NDArray[np.float32] | None = None, **settings: object
) -> Pixels:
    crop = make_crop(side=SIDE)
    if picture is not None:
        crop = replace(crop, image=picture)
    plain = {"prompt": PROMPT, "negative": "", "strength": 1.0, "steps": 12, "cfg": 4.0}
    made = sample_one(crop, model, make_request(**(plain | settings)), 0, silent)
    return np.asarray((made * 255).round(), np.uint8)


def assert_sunflower_on_purple(pixels: Pixels) -> None:
    roughness = np.abs(np.diff(pixels.astype(np.int16), axis=0)).mean()
    assert roughness < 12, "a picture, not noise"
    assert judge.backdrop_colour(pixels) == "purple"
    red, green, blue = np.moveaxis(pixels.astype(np.int16), 2, 0)
    assert 0.03 < ((red > 150) & (green > 110) & (blue < green - 60)).mean() < 0.5


def assert_layout_kept(pixels: Pixels) -> None:
    difference = np.abs(pixels - sketch() * 255)
    assert 1 < difference.mean() < 30, "changed, but not another picture"
    red, _, blue = np.moveaxis(pixels.astype(np.int16), 2, 0)
    yellow = red > blue + 60
    assert yellow[80:176, 80:176].mean() > 0.6
    assert yellow[:40].mean() < 0.05


@pytest.mark.parametrize("schedule", [each for each in Schedule if each is not Schedule.AUTOMATIC])
def test_every_schedule_gives_the_picture_asked_for(
    schedule: Schedule, starter: DiffusionModel
) -> None:
    made = painted(starter, schedule=schedule, sampler=Sampler.DPMPP_2M)
    assert_sunflower_on_purple(made)


@pytest.mark.parametrize("sampler", list(RECIPES))
def test_a_low_strength_keeps_the_layout_with_every_sampler(
    sampler: Sampler, starter: DiffusionModel
) -> None:
    assert_layout_kept(painted(starter, sketch(), strength=0.3, steps=10, sampler=sampler))


@pytest.mark.parametrize("schedule", list(Schedule))
def test_a_low_strength_keeps_the_layout_in_full_steps_of_every_schedule(
    schedule: Schedule, starter: DiffusionModel
) -> None:
    settings = {"strength": 0.3, "steps": 4, "schedule": schedule, "full_steps": True}
    assert_layout_kept(painted(starter, sketch(), sampler=Sampler.EULER, **settings))


def test_further_steps_are_more_alike_than_other_strengths(starter: DiffusionModel) -> None:
    def made(**settings: object) -> NDArray[np.float32]:
        return painted(starter, sketch(), sampler=Sampler.EULER, **settings).astype(np.float32)

    few = made(strength=0.5, steps=10)
    many = made(strength=0.5, steps=10, full_steps=True)
    stronger = made(strength=0.8, steps=10)
    assert 0 < np.abs(few - many).mean() < np.abs(few - stronger).mean()


@pytest.mark.parametrize("content", [MaskedContent.NOISE, MaskedContent.NOTHING])
def test_latent_noise_and_nothing_become_what_the_prompt_says(
    content: MaskedContent, starter: DiffusionModel
) -> None:
    made = painted(starter, strength=0.9, steps=16, content=content, sampler=Sampler.EULER)
    assert_sunflower_on_purple(made)
