"""Another VAE for one request, and the model's own again for the next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.networks import Vae
from scumble_server.control.places import Role
from scumble_server.control.sources import read_addition
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.work.report import silent
from tests.server.control.conftest import Added, Get
from tests.server.models.original_layout import vae_name
from tests.server.sampling.jobs import make_crop, make_request, sample_one
from tests.server.sampling.test_against_diffusers import assert_same_picture, diffusers_image

SEED = 7


@pytest.fixture
def other(added: Added) -> Vae:
    """A VAE that is not that of the tiny models."""
    vae = added(Role.VAE, "other")
    assert isinstance(vae, Vae)
    return vae


def with_other_parts(model: DiffusionModel, vae: Vae) -> DiffusionModel:
    """The same made plainly: a model whose pipeline has that VAE."""
    parts = dict(model.pipeline.components) | {"vae": vae.module}
    pipeline = type(model.pipeline)(**parts, requires_safety_checker=False)
    return DiffusionModel(model.spec, pipeline, model.device)


def test_another_vae_encodes_and_decodes(model: Get, other: Vae) -> None:
    changed, request = model("sd1").with_vae(other), make_request()
    ours = sample_one(make_crop(), changed, request, SEED, silent)
    plain = sample_one(make_crop(), model("sd1"), request, SEED, silent)
    assert float(np.abs(ours - plain).max()) > 8 / 255
    theirs = diffusers_image(with_other_parts(model("sd1"), other), "Img2Img", make_crop(), request)
    assert_same_picture(ours, theirs)


def test_the_next_request_has_the_model_s_own_vae(model: Get, other: Vae) -> None:
    before = sample_one(make_crop(), model("sd1"), make_request(), SEED, silent)
    sample_one(make_crop(), model("sd1").with_vae(other), make_request(), SEED, silent)
    after = sample_one(make_crop(), model("sd1"), make_request(), SEED, silent)
    assert (before == after).all()


def test_pictures_are_remembered_for_each_vae(model: Get, other: Vae) -> None:
    image = make_crop().image
    first = model("sd1").with_vae(other).encode(image)
    misses = model("sd1").pictures.misses
    assert torch.equal(model("sd1").with_vae(other).encode(image), first)
    assert model("sd1").pictures.misses == misses
    assert not torch.equal(model("sd1").encode(image), first)


def test_latents_of_other_channels_are_refused(model: Get, added: Added) -> None:
    wide = added(Role.VAE, "wide")
    assert isinstance(wide, Vae)
    with pytest.raises(RequestError) as caught:
        model("sd1").with_vae(wide)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MODEL
    assert "16 channels" in caught.value.message


def test_a_tiny_vae_brings_its_own_scale(model: Get, tmp_path: Path) -> None:
    from scumble_server.control.loading import load_vae

    torch.manual_seed(0)
    diffusers.AutoencoderTiny().save_pretrained(tmp_path / "tiny")
    source = read_addition("vae/tiny", tmp_path / "tiny", Role.VAE)
    tiny = load_vae(source, torch.device("cpu"))
    changed = model("sd1").with_vae(tiny)
    assert changed.vae_scaling == 1.0
    assert sample_one(make_crop(), changed, make_request(), SEED, silent).shape == (64, 64, 3)


def test_the_original_layout_and_old_names_are_the_same_vae(folder: Path, tmp_path: Path) -> None:
    from scumble_server.control.loading import load_vae

    vae = diffusers.AutoencoderKL.from_pretrained(folder / "vae/other")
    tensors = vae.state_dict()
    levels = len(vae.config.block_out_channels)
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    layouts: dict[str, Callable[[str], str]] = {
        "original": lambda name: vae_name(name, levels),
        "old": str,
    }
    for layout, rename in layouts.items():
        made = {}
        for name, value in tensors.items():
            renamed = rename(name)
            if layout == "old" and ".attentions." in name:
                for now, before in old.items():
                    renamed = renamed.replace(f".{now}.", f".{before}.")
            made[renamed] = value.clone()
        path = tmp_path / f"{layout}.safetensors"
        save_file(made, path)
        vae.save_config(path.with_suffix(""))
        loaded = load_vae(read_addition("x", path, Role.VAE), torch.device("cpu"))
        assert all(
            torch.equal(value, tensors[name]) for name, value in loaded.module.state_dict().items()
        )
