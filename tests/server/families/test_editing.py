"""Edit models: what they are shown, how free they are, and that their drift is put back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from scumble_server.families.free import is_free
from scumble_server.work.report import silent
from tests.server.families.test_adapter import SIDE, job, load
from tests.server.photos import photo

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def half(value: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, SIDE // 2 :] = value
    return mask


def called_with(monkeypatch: pytest.MonkeyPatch, model: Any, images: Any) -> list[dict[str, Any]]:
    """Let a pipeline give these images; gives what it will be called with."""
    asked: list[dict[str, Any]] = []
    call = type(model.pipeline).__call__

    def listening(self: Any, **given: Any) -> Any:
        asked.append(given)
        made = call(self, **given)
        return made if images is None else SimpleNamespace(images=images)

    monkeypatch.setattr(type(model.pipeline), "__call__", listening)
    return asked


@pytest.mark.parametrize("name", ["flux1-kontext", "flux2-klein"])
def test_an_edit_model_sees_what_is_under_the_mask(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    model = load(folder, name)
    crop, request = job(model, half(255), strength=1.0)
    asked = called_with(monkeypatch, model, None)
    model.sample(crop, request, (1,), silent)
    seen = np.asarray(asked[-1]["image"])
    assert np.array_equal(seen, photo()[:SIDE, 200 : 200 + SIDE])
    # What other models begin with has forgotten it.
    assert np.abs(seen / 255 - crop.image)[:, SIDE // 2 :].mean() > 0.05


def test_a_model_that_fills_is_not_shown_what_is_under_the_mask(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folder, "flux1-fill")
    crop, request = job(model, half(255), strength=1.0)
    asked = called_with(monkeypatch, model, None)
    model.sample(crop, request, (1,), silent)
    hole = asked[-1]["mask_image"]
    assert isinstance(hole, Image.Image)
    assert np.array_equal(np.asarray(hole), half(255))


@pytest.mark.parametrize(
    ("grey", "strength", "free"),
    [(0, 1.0, True), (8, 1.0, True), (60, 1.0, False), (0, 0.9, False)],
)
def test_an_edit_model_is_free_at_full_strength_unless_grey_areas_are_wide(
    folder: Path, grey: int, strength: float, free: bool
) -> None:
    model = load(folder, "flux1-kontext")
    mask = half(255)
    mask[:, SIDE - grey :] = 128
    crop, request = job(model, mask, strength=strength)
    assert is_free(crop, request) == free


def test_what_an_edit_model_moved_lies_where_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folder, "flux1-kontext")
    crop, request = job(model, half(255), strength=1.0)
    original = photo()[:SIDE, 200 : 200 + SIDE].astype(np.float32) / 255
    matrix = np.array([[1, 0, 2.0], [0, 1, -1.0]], np.float32)
    moved = cv2.warpAffine(original, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
    called_with(monkeypatch, model, np.asarray(moved)[None])
    (image,) = model.sample(crop, request, (1,), silent)
    inside = np.s_[6:-6, 6:-6]
    off = np.abs(moved - original)[inside].mean()
    assert np.abs(image - original)[inside].mean() < off / 4


@pytest.mark.parametrize("name", ["sd3", "flux1-kontext"])
def test_a_seed_means_the_same_picture_in_every_batch(folder: Path, name: str) -> None:
    model = load(folder, name)
    crop, request = job(model, strength=1.0)
    _, second = model.sample(crop, request, (1, 2), silent)
    (alone,) = model.sample(crop, request, (2,), silent)
    assert np.abs(second - alone).max() < 1e-4


@pytest.mark.parametrize("name", ["flux1-kontext", "flux2"])
def test_a_reference_is_encoded_once_for_all_variations(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    model = load(folder, name)
    encoded: list[object] = []
    encode = type(model.pipeline.vae).encode

    def counting(self: Any, *given: Any, **named: Any) -> Any:
        encoded.append(None)
        return encode(self, *given, **named)

    monkeypatch.setattr(type(model.pipeline.vae), "encode", counting)
    crop, request = job(model, half(255), strength=1.0)
    model.sample(crop, request, (1, 2, 3), silent)
    # The reference, the picture to begin with, and the chart for previews.
    assert len(encoded) == 3
