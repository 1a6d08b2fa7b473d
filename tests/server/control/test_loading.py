"""Networks from files: with the configs of real ones, and what is wrong with damaged ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import diffusers
import pytest
import torch
from safetensors.torch import load_file, save_file

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.layout import Files
from scumble_server.control.loading import control_config, fill, load_addition
from scumble_server.control.places import Role
from scumble_server.control.sources import AdditionSource, read_addition
from scumble_server.models.catalog import Catalog
from scumble_server.models.checkpoints import SHIPPED_CONFIGS
from scumble_server.models.json_files import read_json
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent

CPU = torch.device("cpu")


def real_unet(base: str) -> torch.nn.Module:
    """A UNet of the real size, without memory for its weights."""
    shipped = {"sd1": "sd1", "sd2": "sd1", "sdxl": "sdxl"}[base]
    config = read_json(SHIPPED_CONFIGS / shipped / "unet" / "config.json")
    if base == "sd2":
        config |= {"cross_attention_dim": 1024, "use_linear_projection": True}
        config |= {"attention_head_dim": [5, 10, 20, 20]}
    with torch.device("meta"):
        unet: torch.nn.Module = diffusers.UNet2DConditionModel.from_config(config)
    return unet


@pytest.mark.parametrize("base", ["sd1", "sd2", "sdxl"])
def test_files_of_the_usual_sizes_need_no_config(base: str) -> None:
    with torch.device("meta"):
        real = diffusers.ControlNetModel.from_unet(real_unet(base), load_weights_from_unet=False)
    path = Path("control.safetensors")
    source = AdditionSource("x", Files(path, (path,), {}), Role.CONTROL, (base,))
    tensors = real.state_dict()
    made = fill(diffusers.ControlNetModel, control_config(source, tensors), tensors, path)
    assert made.config.cross_attention_dim == real.config.cross_attention_dim
    heads = (made.config.attention_head_dim, real.config.attention_head_dim)
    assert heads[0] == heads[1] or tuple(heads[0]) == tuple(heads[1])


def test_a_union_file_of_the_usual_size_needs_no_config() -> None:
    path = Path("union.safetensors")
    source = AdditionSource("x", Files(path, (path,), {}), Role.CONTROL, ("sdxl",))
    config = dict(control_config(source, {}))
    with torch.device("meta"):
        real = diffusers.ControlNetUnionModel(
            **config, conditioning_embedding_out_channels=(16, 32, 96, 256), num_control_type=8
        )
    tensors = real.state_dict()
    config = control_config(source, tensors) | {"num_control_type": 8}
    fill(diffusers.ControlNetUnionModel, config, tensors, path)


def test_a_file_of_an_unusual_size_says_which_config_it_needs(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "canny.safetensors"
    shutil.copy(folder / "controlnet/sd1-canny/diffusion_pytorch_model.safetensors", path)
    with pytest.raises(RequestError, match=r"config\.json") as caught:
        load_addition(read_addition("canny", path, Role.CONTROL), CPU)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MODEL


def test_weights_that_do_not_fit_their_config_are_damaged(folder: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(folder / "controlnet/sd1-canny", tmp_path / "canny")
    config = read_json(copied / "config.json") | {"block_out_channels": [16, 48]}
    (copied / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(RequestError) as caught:
        load_addition(read_addition("canny", copied, Role.CONTROL), CPU)
    assert caught.value.code is ErrorCode.DAMAGED_MODEL
    assert "canny" in caught.value.message


def test_an_adapter_that_lacks_layers_is_damaged(
    folder: Path, tmp_path: Path, shelf: Shelf
) -> None:
    del shelf  # which made the adapters
    tensors = load_file(folder / "ip_adapter/sd1.safetensors")
    del tensors["ip_adapter.3.to_v_ip.weight"]
    save_file(tensors, tmp_path / "sd1.safetensors")
    with pytest.raises(RequestError) as caught:
        load_addition(read_addition("sd1", tmp_path / "sd1.safetensors", Role.REFERENCE), CPU)
    assert caught.value.code is ErrorCode.DAMAGED_MODEL


def test_a_preprocessor_that_can_t_be_read_is_damaged(folder: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(folder / "preprocessors/depth", tmp_path / "preprocessors/depth")
    (copied / "preprocessor_config.json").write_text("{", "utf-8")
    shelf = Shelf(Catalog([tmp_path], tmp_path / "none"), CPU)
    source = shelf.additions.find(Role.PREPROCESSOR, "depth")
    with pytest.raises(RequestError) as caught:
        shelf.addition(source, silent)
    assert caught.value.code is ErrorCode.DAMAGED_MODEL
    assert shelf.loaded == ()


def test_segments_of_other_kinds_are_refused(tmp_path: Path) -> None:
    from tests.server.control.additions import make_segmentation

    source = read_addition("x", make_segmentation(tmp_path / "few", kinds=19), Role.PREPROCESSOR)
    with pytest.raises(RequestError, match="19 kinds") as caught:
        load_addition(source, CPU)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MODEL
