"""ControlNets of transformers give what diffusers' own pipelines give, from the same noise."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import ControlKind
from scumble_protocol.requests import Regenerate
from scumble_server.control.guides import ControlGuide, Guides, Influence
from scumble_server.control.kinds import FLUX_UNION
from scumble_server.control.loading import load_addition
from scumble_server.control.places import Role
from scumble_server.control.sources import read_addition
from scumble_server.control.transformers import TransformerNet
from scumble_server.families.adapter import FamilyModel
from scumble_server.pixels.crop import Crop
from scumble_server.work.report import silent
from tests.server.families.test_adapter import SIDE, job, load

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

NETS = {
    "flux1": "FluxControlNetModel",
    "sd3": "SD3ControlNetModel",
    "qwen-image": "QwenImageControlNetModel",
}
PIPELINES = {
    "flux1": diffusers.FluxControlNetPipeline,
    "sd3": diffusers.StableDiffusion3ControlNetPipeline,
    "qwen-image": diffusers.QwenImageControlNetPipeline,
}
SEED = 3


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return tmp_path_factory.mktemp("families")


def make_net(folder: Path, model: FamilyModel, name: str, **options: Any) -> TransformerNet:
    """A ControlNet for a tiny model, written and loaded as a published one."""
    torch.manual_seed(11)
    kind = getattr(diffusers, NETS[name])
    known = inspect.signature(kind.__init__).parameters
    config = dict(model.pipeline.transformer.config)
    kept = {key: value for key, value in config.items() if key in known}
    module = kind(**(kept | options))
    for parameter in module.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    path = folder / f"{name}-canny-{len(options)}"
    module.save_pretrained(path)
    source = read_addition(path.name, path, Role.CONTROL)
    assert source.fits == (name,)
    net = load_addition(source, torch.device("cpu"))
    assert isinstance(net, TransformerNet)
    return net


def picture(seed: int = 0) -> NDArray[np.float32]:
    made = np.zeros((SIDE, SIDE, 3), np.float32)
    made[np.random.default_rng(seed).integers(0, SIDE, 9)] = 1
    return made


def guided(
    crop: Crop,
    net: TransformerNet,
    influence: Influence = Influence(),  # noqa: B008 (frozen)
    kind: ControlKind = ControlKind.CANNY,
) -> Crop:
    return replace(crop, guides=Guides((ControlGuide(kind, picture(), net, influence),)))


OPTIONS: dict[str, dict[str, Any]] = {
    "flux1": {},
    "flux1-union": {"num_mode": 5},
    "sd3": {},
    "sd3-instantx": {"force_zeros_for_pooled_projection": True},
    "qwen-image": {},
}


@pytest.mark.parametrize("variant", OPTIONS)
@pytest.mark.parametrize("influence", [Influence(0.8), Influence(1.0, 0.0, 0.6)])
def test_a_control_equals_diffusers(
    variant: str, influence: Influence, families: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next(name for name in NETS if variant.startswith(name))
    model = load(families, name)
    net = make_net(families, model, name, **OPTIONS[variant])
    crop, request = job(model, strength=1.0)
    asked: list[dict[str, Any]] = []
    inner = type(model.pipeline).__call__

    def listening(self: Any, **told: Any) -> Any:
        asked.append(told)
        return inner(self, **told)

    monkeypatch.setattr(type(model.pipeline), "__call__", listening)
    (ours,) = model.sample(guided(crop, net, influence), request, (SEED,), silent)
    (plain,) = model.sample(crop, request, (SEED,), silent)
    assert float(np.abs(ours - plain).max()) > 8 / 255
    told = asked[1]  # the first call only asks for the levels
    theirs = their_picture(model, net, told, influence, monkeypatch)
    assert float(np.abs(ours - theirs).max()) <= 1 / 255


def their_picture(
    model: FamilyModel,
    net: TransformerNet,
    told: dict[str, Any],
    influence: Influence,
    monkeypatch: pytest.MonkeyPatch,
) -> NDArray[np.float32]:
    kind = PIPELINES[model.family.id]
    names = set(kind._get_signature_keys(kind)[0])  # noqa: SLF001 - there is no public way to ask
    parts = {key: part for key, part in model.pipeline.components.items() if key in names}
    pipeline = kind(**parts, controlnet=net.module)
    pipeline.set_progress_bar_config(disable=True)
    # Ours takes the most likely latents of a picture, so that they depend on it alone.
    dist = diffusers.models.autoencoders.vae.DiagonalGaussianDistribution
    monkeypatch.setattr(dist, "sample", lambda self, *_arguments, **_options: self.mode())
    known = inspect.signature(kind.__call__).parameters
    options = {key: value for key, value in told.items() if key in known}
    options.pop("callback_on_step_end")
    if getattr(net.module.config, "num_mode", None):
        options["control_mode"] = FLUX_UNION.index(ControlKind.CANNY)
    # Unlike pictures, tensors are taken as they are.
    pixels = 2 * torch.from_numpy(picture()).permute(2, 0, 1)[None] - 1
    with torch.inference_mode():
        made = pipeline(
            **options,
            control_image=pixels,
            controlnet_conditioning_scale=influence.weight,
            control_guidance_start=influence.start,
            control_guidance_end=influence.end,
        )
    image: NDArray[np.float32] = np.asarray(made.images[0], np.float32)
    return image


def test_nothing_of_a_control_stays(families: Path) -> None:
    model = load(families, "flux1")
    net = make_net(families, model, "flux1")
    crop, request = job(model, strength=0.7)
    before = model.sample(crop, request, (SEED,), silent)[0]
    model.sample(guided(crop, net), request, (SEED,), silent)
    assert (model.sample(crop, request, (SEED,), silent)[0] == before).all()
    assert not model.pipeline.transformer._forward_pre_hooks  # noqa: SLF001


def test_two_controls_add_up(families: Path) -> None:
    model = load(families, "qwen-image")
    net = make_net(families, model, "qwen-image")
    crop, request = job(model, strength=1.0)
    half = ControlGuide(ControlKind.CANNY, picture(), net, Influence(0.5))
    both = replace(crop, guides=Guides((half, half)))
    (summed,) = model.sample(both, request, (SEED,), silent)
    (whole,) = model.sample(guided(crop, net), request, (SEED,), silent)
    assert float(np.abs(summed - whole).max()) < 1e-3


def refused(model: FamilyModel, crop: Crop, request: Regenerate) -> RequestError:
    with pytest.raises(RequestError) as caught:
        model.sample(crop, request, (SEED,), silent)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MODEL
    return caught.value


def test_what_does_not_fit_is_refused(families: Path) -> None:
    flux, sd3 = load(families, "flux1"), load(families, "sd3")
    crop, request = job(sd3)
    refused(sd3, guided(crop, make_net(families, flux, "flux1")), request)
    union = make_net(families, flux, "flux1", num_mode=5)
    crop, request = job(flux)
    for kind in (ControlKind.NORMAL, ControlKind.INPAINT):
        assert kind.value in refused(flux, guided(crop, union, kind=kind), request).message


@pytest.mark.parametrize(
    ("name", "config", "kinds"),
    [
        ("FLUX.1-dev-Controlnet-Union", {"num_mode": 10}, "canny tile depth blur pose"),
        ("Qwen-Image-ControlNet-Union", {}, "canny soft_edge depth pose"),
        ("SD3-Controlnet-Tile", {}, "tile blur"),
    ],
)
def test_names_and_configs_tell_kinds(
    name: str, config: dict[str, Any], kinds: str, tmp_path: Path
) -> None:
    (tmp_path / name).mkdir()
    said = {"_class_name": "FluxControlNetModel"} | config
    (tmp_path / name / "config.json").write_text(json.dumps(said), "utf-8")
    weights = tmp_path / name / "diffusion_pytorch_model.safetensors"
    save_file({"controlnet_blocks.0.weight": torch.zeros(1)}, weights)
    source = read_addition(name, tmp_path / name, Role.CONTROL)
    assert " ".join(kind.value for kind in source.controls) == kinds


def test_a_network_that_reads_a_mask_too_is_not_offered(tmp_path: Path) -> None:
    said = {"_class_name": "SD3ControlNetModel", "extra_conditioning_channels": 1}
    (tmp_path / "config.json").write_text(json.dumps(said), "utf-8")
    weights = tmp_path / "diffusion_pytorch_model.safetensors"
    save_file({"controlnet_blocks.0.weight": torch.zeros(1)}, weights)
    with pytest.raises(RequestError, match="mask"):
        read_addition("inpaint", tmp_path, Role.CONTROL)
