"""A tiny model, state folders with it, and what undisturbed servers make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.server_process import TINY
from tests.faults.expected import Undisturbed
from tests.server.models.checkpoints import make_folder

OTHER = "other"
"""The id of a second model, which no server loads before a job needs it."""


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("models") / TINY)


def state_with(model: Path, folder: Path) -> Path:
    """A state folder with the model under two names."""
    (folder / "models").mkdir(parents=True)
    for name in (TINY, OTHER):
        (folder / "models" / name).symlink_to(model, target_is_directory=True)
    return folder


@pytest.fixture
def state(tmp_path: Path, model: Path) -> Path:
    return state_with(model, tmp_path / "state")


@pytest.fixture(scope="session")
def undisturbed_state(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    return state_with(model, tmp_path_factory.mktemp("undisturbed") / "state")


@pytest.fixture(scope="session")
def undisturbed(undisturbed_state: Path) -> Undisturbed:
    return Undisturbed(undisturbed_state)
