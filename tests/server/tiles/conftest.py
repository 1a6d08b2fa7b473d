"""Models for the tests of tiles: a tiny one, the starter, and a shelf with both."""

from __future__ import annotations

import pytest
import torch

from scumble_server import app
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from tests.server.control.additions import make_control
from tests.server.models.checkpoints import make_folder
from tests.server.tiles.jobs import Desk


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The starter, its upscalers, and `tiny` of 64 pixels with a ControlNet for tiles."""
    torch.set_num_threads(1)
    models = tmp_path_factory.mktemp("state") / "models"
    make_folder(models / "tiny")
    make_folder(models / "large", family="sdxl")
    make_control(models / "controlnet" / "sd1-tile", "sd1")
    return Shelf(Catalog([models], app.STARTER_FOLDER), torch.device("cpu"))


@pytest.fixture
def desk(shelf: Shelf) -> Desk:
    return Desk(shelf)
