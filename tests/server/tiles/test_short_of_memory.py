"""A device that is short of memory for a tile or a face: what is done, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.requests import Request
from scumble_server import app
from scumble_server.engine import DeviceEngine
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.pixels.opencv import Mask, Picture
from scumble_server.prompts.library import Library
from scumble_server.work.report import silent
from tests.server.photos import opaque, photo
from tests.server.tiles.jobs import Desk, refinement

Tried = list[tuple[int, bool]]
"""For each try: pixels at once, and whether the VAE works in tiles."""


@pytest.fixture
def picture() -> Picture:
    return opaque(photo()[60:110, 180:250])


@pytest.fixture
def face() -> tuple[Picture, Mask]:
    picture = opaque(photo())
    return picture, np.full(picture.shape[:2], 255, np.uint8)


def made_scarce(monkeypatch: pytest.MonkeyPatch, enough: Callable[[int, bool], bool]) -> Tried:
    """Let models run out of memory until `enough` of what is tried; gives what was tried."""
    tried: Tried = []
    sample = DiffusionModel.sample

    def scarce(self: Any, crop: Any, request: Any, seeds: Any, report: Any) -> Any:
        now = (crop.working.pixels, bool(self.vae.use_tiling))
        tried.append(now)
        if not enough(*now):
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return sample(self, crop, request, seeds, report)

    monkeypatch.setattr(DiffusionModel, "sample", scarce)
    return tried


def test_a_refined_tile_is_tried_again_after_each_relief_and_all_tiles_in_smaller_ones(
    desk: Desk, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Any = desk.shelf.get("tiny", silent)
    model.forget()  # what other tests left would be given up first
    desk.shelf.get("large", silent)
    tried = made_scarce(monkeypatch, lambda pixels, _tiles: pixels < 64 * 64)
    result = desk.run(desk.upscale(picture, 2, refinement("tiny", 0.5)))
    assert tried[:4] == [(4096, False), (4096, False), (4096, True), (1024, True)]
    assert result.made[0].passes[-1].working.width == 32
    assert result.layers[0].pixels.shape == (100, 140, 4)
    for words, note in zip(["put away", "in tiles", "fewer pixels"], result.notes, strict=True):
        assert words in note


def test_a_tile_that_fits_after_a_relief_is_the_only_one_that_is_made_twice(
    desk: Desk, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Any = desk.shelf.get("tiny", silent)
    model.forget()
    desk.shelf.put_others_away()
    tried = made_scarce(monkeypatch, lambda _pixels, tiles: tiles)
    result = desk.run(desk.upscale(picture, 2, refinement("tiny", 0.5)))
    # Six tiles, of which the first one failed once.
    assert tried == [(4096, False), *[(4096, True)] * 6]
    assert ["in tiles" in note for note in result.notes] == [True]
    monkeypatch.undo()
    assert desk.run(desk.upscale(picture, 2, refinement("tiny", 0.5))).notes == ()


def test_detail_of_a_large_area_is_tried_again_without_composing_it_anew(
    desk: Desk, face: tuple[Picture, Mask], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture: Picture = face[0][:208, :208].copy()
    request = desk.regenerate(picture, np.full((208, 208), 255, np.uint8), "tiny")
    tried = made_scarce(monkeypatch, lambda pixels, tiles: pixels != 64 * 64 or tiles)
    result = desk.run(replace(request, hires=0.5))
    # The first one is the composition.
    assert [pixels for pixels, _ in tried].count(tried[0][0]) == 1
    assert any("in tiles" in note for note in result.notes)
    assert result.made[0].passes[-1].name == "detail"


def test_a_face_is_made_anew_from_fewer_pixels(
    desk: Desk, face: tuple[Picture, Mask], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = replace(desk.regenerate(*face, "tiny"), only_faces=True)
    before = desk.run(request)
    most = before.made[0].passes[0].working.pixels
    made_scarce(monkeypatch, lambda pixels, _tiles: pixels < most)
    result = desk.run(request)
    assert result.made[0].passes[0].working.pixels <= most / 2
    assert any("fewer pixels" in note for note in result.notes)
    assert result.layers[0].rect == before.layers[0].rect


@pytest.mark.parametrize("kind", ["refinement", "hires", "faces"])
def test_where_nothing_helps_one_clear_error_says_so(
    desk: Desk,
    face: tuple[Picture, Mask],
    picture: Picture,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    engine = DeviceEngine("cpu", Catalog([], app.STARTER_FOLDER), None, Library())
    monkeypatch.setattr(engine, "_shelf", desk.shelf)
    made_scarce(monkeypatch, lambda *_: False)
    requests: dict[str, Request] = {
        "refinement": desk.upscale(picture, 2, refinement("tiny", 0.5)),
        "hires": replace(desk.regenerate(*face, "tiny"), hires=0.5),
        "faces": replace(desk.regenerate(*face, "tiny"), only_faces=True),
    }
    with pytest.raises(ServerError) as caught:
        engine.run(requests[kind], desk.blobs.__getitem__, silent)
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
