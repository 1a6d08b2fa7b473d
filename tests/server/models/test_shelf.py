"""Keeping models in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import scumble_server.models.loading as loading_module
from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.messages import Phase
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.loading import load_folder
from scumble_server.models.shelf import Shelf
from scumble_server.upscale.lanczos import Lanczos
from scumble_server.work.report import Cancelled, ProgressReport, Report, silent

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_server.spec import ModelSpec

CPU = torch.device("cpu")


def make_shelf(folder: Path, budget: int = 2**40) -> Shelf:
    return Shelf(Catalog([folder], folder / "none"), CPU, budget)


def test_a_model_is_loaded_once_and_said_to_be_loaded(made: Path) -> None:
    shelf = make_shelf(made)
    assert shelf.loaded == ()
    assert shelf.memory_used == 0
    first = shelf.get("sd1", silent)
    assert shelf.get("sd1", silent) is first
    assert [info.id for info in shelf.list() if info.loaded] == ["sd1", "lanczos"]
    assert shelf.memory_used == first.bytes > 10**6


def test_loading_is_reported(made: Path) -> None:
    reports: list[Report] = []
    make_shelf(made).get("sd1", reports.append)
    assert [
        (r.phase, r.step, r.of, r.detail) for r in reports if isinstance(r, ProgressReport)
    ] == [
        (Phase.LOADING, 0, 1, "sd1"),
        (Phase.LOADING, 1, 1, "sd1"),
    ]


def test_a_cancelled_load_leaves_no_model_behind(made: Path) -> None:
    def cancel(_report: Report) -> None:
        raise Cancelled

    shelf = make_shelf(made)
    with pytest.raises(Cancelled):
        shelf.get("sd1", cancel)
    assert shelf.loaded == ()


def test_the_least_recently_used_model_makes_room(made: Path) -> None:
    catalog = Catalog([made], made / "none")
    sizes = {info.id: info.bytes for info in catalog.list()}
    shelf = make_shelf(made, sizes["sd1"] + sizes["sd1-inpaint"] + 1000)
    shelf.get("sd1", silent)
    shelf.get("sd1-inpaint", silent)
    shelf.get("sd1", silent)
    shelf.get("sd1-file.safetensors", silent)
    assert shelf.loaded == ("sd1", "sd1-file.safetensors")


def test_a_model_larger_than_the_budget_is_loaded_alone(made: Path) -> None:
    shelf = make_shelf(made, 1)
    shelf.get("sd1", silent)
    shelf.get("sdxl", silent)
    assert shelf.loaded == ("sdxl",)


def test_out_of_memory_while_loading_puts_the_others_away_and_tries_again(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = make_shelf(made)
    shelf.get("sd1", silent)

    def load(
        path: Path, spec: ModelSpec, device: torch.device, *, in_turns: bool, fast: bool
    ) -> object:
        if shelf.loaded:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return load_folder(path, spec, device, in_turns=in_turns, fast=fast)

    monkeypatch.setattr(loading_module, "load_folder", load)
    shelf.get("sdxl", silent)
    assert shelf.loaded == ("sdxl",)


def test_out_of_memory_with_nothing_left_to_put_away_says_how_much_the_model_takes(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(
        path: Path, spec: ModelSpec, device: torch.device, *, in_turns: bool, fast: bool
    ) -> DiffusionModel:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    monkeypatch.setattr(loading_module, "load_folder", load)
    with pytest.raises(ServerError, match=r"not enough memory for sd1, .* 0\.0 GB") as caught:
        make_shelf(made).get("sd1", silent)
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY


def test_a_folder_whose_weights_lack_a_tensor_is_damaged(models: Path) -> None:
    weights = models / "sd1" / "unet" / "diffusion_pytorch_model.safetensors"
    save_file({"conv_in.weight": torch.zeros(16, 4, 3, 3)}, weights)
    with pytest.raises(RequestError, match=r"sd1 can't be loaded") as caught:
        make_shelf(models).get("sd1", silent)
    assert caught.value.code is ErrorCode.DAMAGED_MODEL


def test_a_file_whose_weights_have_the_wrong_shape_is_damaged(models: Path) -> None:
    config = models / "sd1-file" / "unet" / "config.json"
    config.write_text(
        config.read_text().replace('"cross_attention_dim": 32', '"cross_attention_dim": 48')
    )
    with pytest.raises(RequestError, match=r"sd1-file\.safetensors can't be loaded") as caught:
        make_shelf(models).get("sd1-file.safetensors", silent)
    assert caught.value.code is ErrorCode.DAMAGED_MODEL


def test_upscalers_stand_on_the_same_shelf(made: Path) -> None:
    shelf = make_shelf(made)
    assert isinstance(shelf.get("lanczos", silent), Lanczos)
    assert shelf.memory_used == 0


def test_a_model_is_still_usable_after_another_was_put_away(made: Path) -> None:
    shelf = make_shelf(made, 1)
    model = shelf.get("sd1", silent)
    shelf.get("sdxl", silent)
    assert isinstance(model, DiffusionModel)
    with torch.inference_mode():
        assert model.encode(np.zeros((64, 64, 3), np.float32)).shape == (1, 4, 8, 8)
