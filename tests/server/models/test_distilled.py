"""A UNet that was distilled for few steps and reads the guidance scale itself (LCM)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch

from scumble_protocol.choices import Sampler
from scumble_protocol.geometry import Rect
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.pixels.prepare import prepare
from scumble_server.work.report import silent
from tests.server.models.checkpoints import SCHEDULER, make_text_encoder, make_tokenizer, make_vae
from tests.server.photos import opaque, photo
from tests.server.pixels.requests import request_for

SIDE = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    tokenizer = make_tokenizer()
    unet = diffusers.UNet2DConditionModel(
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=4,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=SIDE // 8,
        time_cond_proj_dim=16,
    )
    pipeline = diffusers.LatentConsistencyModelPipeline(
        vae=make_vae(),
        text_encoder=make_text_encoder(32, tokenizer),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=diffusers.LCMScheduler(
            **{key: SCHEDULER[key] for key in ("beta_start", "beta_end", "beta_schedule")}
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / "lcm")
    return folder


def test_its_pipeline_is_known_and_few_steps_are_recommended(folder: Path) -> None:
    info = Catalog([folder], folder / "none").list()[0]
    assert (info.family, info.sampler, info.steps) == ("sd1", Sampler.LCM, 6)


def test_it_makes_a_picture_that_depends_on_the_guidance_scale(folder: Path) -> None:
    model = Shelf(Catalog([folder], folder / "none"), torch.device("cpu")).get("lcm", silent)
    assert isinstance(model, DiffusionModel)
    request = replace(
        request_for(Rect(0, 0, SIDE, SIDE)), prompt="a cup", sampler=Sampler.LCM, steps=3, cfg=8.0
    )
    white = np.full((SIDE, SIDE), 255, np.uint8)
    crop = prepare(request, opaque(photo()[:SIDE, :SIDE]), white, model.spec)
    (strong,) = model.sample(crop, request, (1,), silent)
    (weak,) = model.sample(crop, replace(request, cfg=2.0), (1,), silent)
    assert np.abs(strong - weak).max() > 0
