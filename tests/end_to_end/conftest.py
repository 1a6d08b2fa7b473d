"""A real Krita with Scumble's plugin in it, and state folders with a tiny model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.editors.conftest import missing
from tests.end_to_end.editors.krita import Krita, open_krita
from tests.end_to_end.krita_pictures import PictureInKrita
from tests.end_to_end.server_process import TINY, state_with
from tests.end_to_end.troubled import Troubles


@pytest.fixture(scope="session")
def krita_with_scumble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Krita]:
    """A Krita with the plugin as it is shipped; tests close the documents that they open."""
    for program in ("krita", "Xvfb", "openbox"):
        if not shutil.which(program):
            missing(program)
    folder = tmp_path_factory.mktemp("krita-with-scumble")
    with open_krita(folder, folder / "state") as running:
        yield running


@pytest.fixture
def picture(krita_with_scumble: Krita) -> Iterator[PictureInKrita]:
    """Opens documents there, and closes them."""
    picture = PictureInKrita(krita_with_scumble)
    yield picture
    picture.close()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint."""
    from tests.server.models.checkpoints import make_folder  # torch, which few tests here need

    return make_folder(tmp_path_factory.mktemp("models") / TINY)


@pytest.fixture
def state(tmp_path: Path, model: Path) -> Path:
    """A state folder with it."""
    return state_with(model, tmp_path / "state")


@pytest.fixture
def troubles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Troubles:
    """What goes wrong in the servers that the test starts."""
    return Troubles(tmp_path / "troubles", monkeypatch)
