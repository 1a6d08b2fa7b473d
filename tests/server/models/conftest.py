"""A folder of tiny models, made once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import torch

from tests.server.models.checkpoints import make_file, make_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """The models are so small that threads would mostly wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`sd1`, `sdxl`, each also with `-inpaint`, as folders and as `.safetensors` files."""
    folder = tmp_path_factory.mktemp("made")
    for family in ("sd1", "sdxl"):
        for inpaint in (False, True):
            name = f"{family}-inpaint" if inpaint else family
            make_folder(folder / name, family=family, inpaint=inpaint)
            # Its own name, since a folder beside a file of the same name holds only its configs.
            make_file(folder / name, folder / f"{name}-file.safetensors")
    return folder


@pytest.fixture
def models(made: Path, tmp_path: Path) -> Path:
    """A copy of `sd1`, as a folder and as a file, to spoil."""
    folder = tmp_path / "models"
    for name in ("sd1", "sd1-file"):
        shutil.copytree(made / name, folder / name)
    shutil.copy(made / "sd1-file.safetensors", folder)
    return folder
