"""Tiny models of both families, made once; each is loaded anew only where a test asks for that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.prompts.library import Library
from scumble_server.work.report import silent
from tests.server.models.checkpoints import make_folder

FAMILIES = ("sd1", "sdxl")

Get = Callable[[str], DiffusionModel]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A shelf with `sd1` and `sdxl`."""
    # The models are so small that threads would mostly wait for each other.
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    for family in FAMILIES:
        make_folder(folder / family, family=family)
    return Shelf(Catalog([folder], folder / "no-starter"), torch.device("cpu"))


@pytest.fixture
def tiny(shelf: Shelf) -> Get:
    """Gives the tiny model of a family."""

    def get(family: str) -> DiffusionModel:
        model = shelf.get(family, silent)
        assert isinstance(model, DiffusionModel)
        return model

    return get


@pytest.fixture(scope="session")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Get:
    """Gives the tiny model of a family whose text encoders have four layers."""
    folder = tmp_path_factory.mktemp("deep")
    shelf = Shelf(Catalog([folder], folder / "no-starter"), torch.device("cpu"))

    def get(family: str) -> DiffusionModel:
        if not (folder / family).exists():
            make_folder(folder / family, family=family, layers=4)
        model = shelf.get(family, silent)
        assert isinstance(model, DiffusionModel)
        return model

    return get


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A library in an empty state folder, whose folders are there."""
    library = Library.of(tmp_path)
    for folder in (library.wildcards, library.loras, library.embeddings):
        assert folder is not None
        folder.mkdir(parents=True)
    return library
