"""A real Krita with Scumble's plugin in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.end_to_end.editors.conftest import missing
from tests.end_to_end.editors.krita import Krita, open_krita
from tests.end_to_end.krita_pictures import PictureInKrita


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
