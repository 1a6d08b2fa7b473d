"""What is said of a model's memory before it is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from scumble_server.models.catalog import Catalog
from scumble_server.models.headers import TensorHeader, weigh
from scumble_server.models.memory import needed
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent
from tests.server.models.checkpoints import make_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_folder(folder / "tiny", family="sdxl")
    return folder


def test_the_weights_take_what_was_estimated_once_they_are_loaded(folder: Path) -> None:
    shelf = Shelf(Catalog([folder], folder / "no-starter"), torch.device("cpu"))
    (info,) = (model for model in shelf.list() if model.id == "tiny")
    assert info.memory == pytest.approx(shelf.get("tiny", silent).bytes, rel=0.01)
    # Its decoder has 8 channels at full size, of 4 bytes each.
    assert info.memory_per_pixel == 4 * 8 * 4


def test_half_of_it_is_taken_where_the_device_calculates_in_half_precision(folder: Path) -> None:
    catalog = Catalog([folder], folder / "no-starter")
    sizes = [catalog.list(device=device)[0].memory for device in ("cpu", "cuda", "")]
    assert sizes[0] == 2 * sizes[1]
    assert sizes[2] == 0


def test_a_larger_picture_needs_more(folder: Path) -> None:
    spec = Shelf(Catalog([folder], folder / "none"), torch.device("cpu")).spec_of("tiny")
    assert spec is not None
    assert needed(spec, "cpu", 512 * 512) - needed(spec, "cpu", 0) == 512 * 512 * 128


def test_quantised_weights_stay_as_they_are() -> None:
    headers = {
        "weight": TensorHeader("U8", (10, 10)),
        "scale": TensorHeader("F16", (10,)),
        "index": TensorHeader("I32", (3,)),
    }
    weights = weigh(headers, 132)
    assert (weights.bytes, weights.values, weights.packed) == (132, 10, 112)
