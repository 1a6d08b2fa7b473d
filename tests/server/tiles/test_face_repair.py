"""Faces repaired by a network that knows nothing else; here a tiny RestoreFormer of chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from spandrel.architectures.RestoreFormer import RestoreFormer

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import ModelKind, Pass
from scumble_server import app
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.pixels.opencv import Picture
from scumble_server.upscale.face_restorer import FaceRestorer
from scumble_server.work.report import silent
from tests.server.photos import opaque, photo
from tests.server.tiles.jobs import Desk, composited
from tests.server.upscale.networks import esrgan, write

ENDINGS = (".safetensors", ".pth")


def restorer() -> dict[str, torch.Tensor]:
    """The weights of a RestoreFormer with few channels."""
    torch.manual_seed(4)
    network = RestoreFormer(n_embed=8, embed_dim=16, ch=32, z_channels=16, num_res_blocks=1)
    return {name: tensor.contiguous() for name, tensor in network.state_dict().items()}


@pytest.fixture(scope="module")
def repairing(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    torch.set_num_threads(1)
    models = tmp_path_factory.mktemp("state") / "models"
    models.mkdir()
    for ending in ENDINGS:
        write(models / f"faces{ending}", restorer())
    write(models / "4x.pth", esrgan())
    return Shelf(Catalog([models], app.STARTER_FOLDER), torch.device("cpu"))


def test_files_for_faces_are_listed_as_such_before_they_are_loaded(repairing: Shelf) -> None:
    kinds = {info.id: info.kind for info in repairing.list()}
    assert {kinds[f"faces{ending}"] for ending in ENDINGS} == {ModelKind.FACES}
    assert kinds["4x.pth"] is ModelKind.UPSCALER


@pytest.mark.parametrize("ending", ENDINGS)
def test_both_kinds_of_files_give_the_network(repairing: Shelf, ending: str) -> None:
    network = repairing.get(f"faces{ending}", silent)
    assert isinstance(network, FaceRestorer)
    picture = np.random.default_rng(1).random((70, 61, 3), np.float32)
    restored = network.restore(picture)
    assert restored.shape == picture.shape
    assert 0 <= restored.min() <= restored.max() <= 1


def test_the_face_alone_is_repaired_as_far_as_the_strength_says(repairing: Shelf) -> None:
    desk, picture = Desk(repairing), opaque(photo())
    mask = np.full((512, 512), 255, np.uint8)
    whole = replace(
        desk.regenerate(picture, mask, "faces.pth"), only_faces=True, strength=1.0, count=2
    )
    one, same = desk.run(whole).made
    np.testing.assert_array_equal(one.layer.pixels, same.layer.pixels)
    assert one.passes == (Pass("faces", Size(512, 512), 1.0, 0),)
    shown = composited(picture, one.layer).astype(int)
    changed = (shown != picture).any(-1)
    assert changed[90:140, 200:250].mean() > 0.9
    changed[42:207, 160:292] = False
    assert not changed.any()
    half = desk.run(replace(whole, strength=0.5)).layers[0]
    middle = np.s_[60:90, 40:80]
    mixed = (one.layer.pixels.astype(float) + original(picture, one.layer.rect)) / 2
    assert np.abs(half.pixels[middle] - mixed[middle]).max() <= 1


def original(picture: Picture, rect: Rect) -> Picture:
    return picture[rect.y : rect.bottom, rect.x : rect.right]


def test_without_faces_alone_it_is_refused(repairing: Shelf) -> None:
    desk, picture = Desk(repairing), opaque(photo())
    request = desk.regenerate(picture, np.full((512, 512), 255, np.uint8), "faces.pth")
    for asked in (request, desk.upscale(picture, 2, model="faces.pth")):
        with pytest.raises(RequestError) as refused:
            desk.run(asked)
        assert refused.value.code is ErrorCode.UNSUPPORTED_MODEL


def test_a_file_that_is_cut_short_is_listed_as_something_and_refused_when_asked_for(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "faces.pth", restorer())
    path.write_bytes(path.read_bytes()[:5000])
    shelf = Shelf(Catalog([tmp_path], tmp_path / "none"), torch.device("cpu"))
    assert "faces.pth" in {info.id for info in shelf.list()}
    with pytest.raises(RequestError) as refused:
        shelf.get("faces.pth", silent)
    assert refused.value.code is ErrorCode.DAMAGED_MODEL
