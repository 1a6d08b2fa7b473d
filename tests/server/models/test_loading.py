"""From files to models in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.loading import load_unet
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
NAMES = ["sd1", "sdxl", "sd1-inpaint", "sdxl-inpaint"]


def load(folder: Path, name: str) -> DiffusionModel:
    model = Shelf(Catalog([folder], folder / "none"), torch.device("cpu")).get(name, silent)
    assert isinstance(model, DiffusionModel)
    return model


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_and_a_single_file_give_the_same_tensors(made: Path, name: str) -> None:
    folder, file = load(made, name), load(made, f"{name}-file.safetensors")
    parts = [part for part in PARTS if hasattr(folder.pipeline, part)]
    assert len(parts) == (4 if name.startswith("sdxl") else 3)
    for part in parts:
        ours, theirs = (getattr(model.pipeline, part).state_dict() for model in (folder, file))
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_and_a_single_file_read_prompts_alike(made: Path, name: str) -> None:
    folder, file = load(made, name), load(made, f"{name}-file.safetensors")
    with torch.inference_mode():
        ours, theirs = (
            model.encode_text("a red apple", "blurry", guided=True) for model in (folder, file)
        )
    assert torch.equal(ours.hidden, theirs.hidden)
    assert (ours.pooled is None) == (theirs.pooled is None) == name.startswith("sd1")
    if ours.pooled is not None and theirs.pooled is not None:
        assert torch.equal(ours.pooled, theirs.pooled)


def test_a_folder_and_a_single_file_have_the_same_spec_but_for_their_size(made: Path) -> None:
    for name in NAMES:
        ours, theirs = load(made, name).spec, load(made, f"{name}-file.safetensors").spec
        assert ours.inpaint == name.endswith("inpaint")
        differing = {key for key, value in vars(ours).items() if vars(theirs)[key] != value}
        assert differing <= {"bytes", "weights"}


def test_weights_are_full_precision_and_channels_last_on_a_cpu(made: Path) -> None:
    model = load(made, "sd1")
    convolution = model.unet.conv_in.weight
    assert convolution.dtype == torch.float32
    assert convolution.is_contiguous(memory_format=torch.channels_last)
    assert not any(parameter.requires_grad for parameter in model.unet.parameters())


@pytest.mark.gpu
def test_weights_are_half_precision_on_a_gpu_but_not_those_of_a_vae_that_overflows(
    made: Path,
) -> None:
    shelf = Shelf(Catalog([made], made / "none"), torch.device("cuda"))
    model = shelf.get("sdxl", silent)
    assert isinstance(model, DiffusionModel)
    assert model.unet.dtype == torch.float16
    assert model.vae.config.force_upcast
    assert model.vae.dtype in {torch.bfloat16, torch.float32}


@pytest.mark.parametrize("name", ["sd1", "sd1-file.safetensors"])
def test_a_unet_alone_has_the_weights_that_it_has_in_its_model(made: Path, name: str) -> None:
    model = load(made, name)
    configs = None if name == "sd1" else (made / name).with_suffix("")
    alone, whole = load_unet(made / name, configs, 4).state_dict(), model.unet.state_dict()
    assert list(alone) == list(whole)
    assert all(torch.equal(alone[key], whole[key]) for key in whole)
