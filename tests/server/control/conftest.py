"""Tiny models with everything that can be added to them, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from scumble_server.control.addition import Addition
from scumble_server.control.places import Role
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent
from tests.server.control import additions
from tests.server.models.checkpoints import make_folder

Get = Callable[[str], DiffusionModel]
Added = Callable[[Role, str], Addition]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models `sd1` and `sdxl`, each also with `-inpaint`, and what is added to them."""
    torch.set_num_threads(1)  # the models are so small that threads would wait for each other
    models = tmp_path_factory.mktemp("state") / "models"
    for family in ("sd1", "sdxl"):
        make_folder(models / family, family=family)
        make_folder(models / f"{family}-inpaint", family=family, inpaint=True)
        additions.make_control(models / f"controlnet/{family}-canny", family)
        additions.make_control(models / f"controlnet/{family}-depth", family, seed=8)
    additions.make_union(models / "controlnet/sdxl-union")
    additions.make_original_control(
        models / "controlnet/original-lineart.safetensors", models / "controlnet/sd1-canny"
    )
    additions.make_encoder(models / "image_encoder/tiny")
    additions.make_other_vae(models / "vae/other")
    additions.make_other_vae(models / "vae/wide", channels=16)
    additions.make_depth(models / "preprocessors/depth")
    additions.make_segmentation(models / "preprocessors/kinds")
    additions.make_pose(models / "preprocessors/pose")
    additions.make_finder(models / "preprocessors/people")
    return models


@pytest.fixture(scope="session")
def shelf(folder: Path) -> Shelf:
    """The models in memory."""
    shelf = Shelf(Catalog([folder], folder / "no-starter"), torch.device("cpu"))
    for family in ("sd1", "sdxl"):
        model = shelf.get(family, silent)
        assert isinstance(model, DiffusionModel)
        for plus in (False, True):
            name = f"{family}{'-plus' if plus else ''}.safetensors"
            additions.make_adapter(folder / "ip_adapter" / name, model.unet, plus=plus)
    return shelf


@pytest.fixture(scope="session")
def model(shelf: Shelf) -> Get:
    """Gives the model of a name."""

    def get(name: str) -> DiffusionModel:
        found = shelf.get(name, silent)
        assert isinstance(found, DiffusionModel)
        return found

    return get


@pytest.fixture(scope="session")
def added(shelf: Shelf) -> Added:
    """Gives the addition of a role and a name."""

    def get(role: Role, name: str) -> Addition:
        return shelf.addition(shelf.additions.find(role, name), silent)

    return get
