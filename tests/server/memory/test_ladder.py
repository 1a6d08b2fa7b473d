"""A device that is short of memory: what is done about it, in which order, and what is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from scumble_protocol.blobs import blob_id
from scumble_protocol.choices import Sampler
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.saving import decode_in_tiles, is_taking_turns, take_turns
from scumble_server.models.shelf import Shelf
from scumble_server.run import run
from scumble_server.work import ladder as ladder_module
from scumble_server.work.made import Result
from scumble_server.work.report import silent
from tests.server.models.checkpoints import make_folder
from tests.server.photos import opaque, photo
from tests.server.pixels.requests import request_for

SIDE = 96
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    for name in ("tiny", "other"):
        make_folder(folder / name)
    return folder


@pytest.fixture
def shelf(folder: Path) -> Shelf:
    return Shelf(Catalog([folder], folder / "no-starter"), CPU)


def order(count: int = 1) -> tuple[Regenerate, dict[str, bytes]]:
    image = opaque(photo()[:SIDE, :SIDE]).tobytes()
    mask = np.full((SIDE, SIDE), 255, np.uint8).tobytes()
    size = Size(SIDE, SIDE)
    request = replace(
        request_for(Rect(0, 0, SIDE, SIDE)),
        model="tiny",
        sampler=Sampler.DDIM,
        steps=2,
        count=count,
        batch=count,
        image=ImageRef(blob_id(image), size, PixelFormat.RGBA8),
        mask=ImageRef(blob_id(mask), size, PixelFormat.GRAY8),
    )
    return request, {blob_id(image): image, blob_id(mask): mask}


Tried = list[tuple[int, int, bool, bool]]
"""For each try: pixels, variations at once, whether in tiles, whether in turns."""


def made_scarce(
    monkeypatch: pytest.MonkeyPatch, enough: Callable[[int, int, bool, bool], bool]
) -> Tried:
    """Let a model run out of memory until `enough` of what is tried; gives what was tried."""
    tried: Tried = []
    turns: list[object] = []
    sample = DiffusionModel.sample

    def scarce(self: Any, crop: Any, request: Any, seeds: Any, report: Any) -> Any:
        now = (crop.working.pixels, len(seeds), self.vae.use_tiling, bool(turns))
        tried.append(now)
        if not enough(*now):
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return sample(self, crop, request, seeds, report)

    def in_turns(model: object) -> bool:
        # What a CPU can't do.
        turns.append(model)
        return len(turns) == 1

    monkeypatch.setattr(DiffusionModel, "sample", scarce)
    monkeypatch.setattr(ladder_module, "take_turns", in_turns)
    return tried


def done(shelf: Shelf, count: int = 1) -> Result:
    request, blobs = order(count)
    return run(request, blobs.__getitem__, shelf, silent)


def test_every_rung_is_taken_in_order_and_said(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.get("other", silent)
    whole = SIDE * SIDE
    tried = made_scarce(monkeypatch, lambda pixels, *_: pixels < whole / 3)
    result = done(shelf, count=2)
    assert [now for now in tried if now[0] == whole] == [
        (whole, 2, False, False),  # as asked
        (whole, 2, False, False),  # without the other model
        (whole, 2, True, False),  # the VAE in tiles
        (whole, 1, True, False),  # one variation at once
        (whole, 2, True, True),  # in turns, at the full size again
        (whole, 1, True, True),
    ]
    halved = [now[0] for now in tried if now[0] != whole]
    assert all(pixels <= whole / 2 for pixels in halved)
    assert len(result.made) == 2
    said = ["put away: other", "tiles", "2 variations at once", "fewer pixels", "take turns"]
    for words, note in zip(said, result.notes, strict=False):
        assert words in note


def test_what_changes_pixels_is_undone_after_the_job(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = done(shelf)
    with pytest.MonkeyPatch.context() as patch:
        made_scarce(patch, lambda _pixels, _count, tiles, _turns: tiles)
        assert any("tiles" in note for note in done(shelf).notes)
    after = done(shelf)
    assert after.notes == ()
    assert np.array_equal(after.layers[0].pixels, before.layers[0].pixels)


def test_a_failing_job_undoes_it_too(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.MonkeyPatch.context() as patch:
        made_scarce(patch, lambda *_: False)
        with pytest.raises(torch.OutOfMemoryError):
            done(shelf)
    assert done(shelf).notes == ()


def test_other_errors_climb_no_rung(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("shapes")

    monkeypatch.setattr(DiffusionModel, "sample", broken)
    shelf.get("other", silent)
    with pytest.raises(RuntimeError, match="shapes"):
        done(shelf)
    assert "other" in shelf.loaded


def test_a_model_that_decodes_in_tiles_is_not_asked_twice(shelf: Shelf) -> None:
    model = shelf.get("tiny", silent)
    undo = decode_in_tiles(model)
    assert undo is not None
    assert decode_in_tiles(model) is None
    undo()


def test_parts_take_no_turns_on_a_processor(shelf: Shelf) -> None:
    model: Any = shelf.get("tiny", silent)
    assert not take_turns(model)
    assert not is_taking_turns(model.pipeline)


@pytest.mark.gpu
def test_parts_take_turns_on_a_gpu_and_make_the_same_picture(folder: Path) -> None:
    shelf = Shelf(Catalog([folder], folder / "no-starter"), torch.device("cuda"))
    before = done(shelf)
    model: Any = shelf.get("tiny", silent)
    assert take_turns(model)
    assert not take_turns(model)
    assert np.array_equal(done(shelf).layers[0].pixels, before.layers[0].pixels)
