"""Tiny models, made and loaded once for all tests of the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent
from tests.server.models.checkpoints import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable

VARIANTS: dict[str, dict[str, object]] = {
    "sd1": {},
    "sdxl": {"family": "sdxl"},
    "sd1-inpaint": {"inpaint": True},
    "sdxl-inpaint": {"family": "sdxl", "inpaint": True},
    "sd1-v": {"prediction": "v_prediction"},
    "sd1-tiny-vae": {"tiny_vae": True},
}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], DiffusionModel]:
    """Gives the tiny model of a name in `VARIANTS`."""
    # The models are so small that threads would mostly wait for each other.
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    shelf = Shelf(Catalog([folder], folder / "no-starter"), torch.device("cpu"))

    def get(name: str) -> DiffusionModel:
        if not (folder / name).exists():
            make_folder(folder / name, **VARIANTS[name])  # type: ignore[arg-type]  # as in its signature
        model = shelf.get(name, silent)
        assert isinstance(model, DiffusionModel)
        return model

    return get
