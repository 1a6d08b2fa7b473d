"""The upscalers that ship: small, better than Lanczos, and without seams."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from scumble_cli.commands import demo
from scumble_protocol.geometry import Size
from scumble_protocol.messages import ModelKind
from scumble_server import app
from scumble_server.models.catalog import UPSCALERS_FOLDER, Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.pixels.opencv import unit
from scumble_server.upscale.network import Network
from scumble_server.upscale.upscaler import Upscaler
from scumble_server.work.report import Report

CPU = torch.device("cpu")
SIZE_LIMIT = 3_000_000
FOLDER = app.STARTER_FOLDER.with_name(UPSCALERS_FOLDER)
SCALES = (2, 4)


def silent(_report: Report) -> None:
    pass


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf(Catalog([], app.STARTER_FOLDER), CPU)


@pytest.fixture
def photo() -> NDArray[np.uint8]:
    """A photograph that they did not learn from, 240 pixels a side."""
    with Image.open(demo.SAMPLE) as picture:
        return np.asarray(picture.convert("RGB"))[40:280, 40:280]


def reduced(picture: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    size = (picture.shape[1] // scale, picture.shape[0] // scale)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def decibels(one: NDArray[np.float32], other: NDArray[np.uint8]) -> float:
    return float(-10 * np.log10(np.square(one - unit(other)).mean()))


@pytest.mark.parametrize("scale", SCALES)
def test_they_are_small_and_no_pickles(scale: int) -> None:
    assert (FOLDER / f"starter-{scale}x.safetensors").stat().st_size <= SIZE_LIMIT
    assert {path.suffix for path in FOLDER.iterdir()} == {".safetensors", ".md"}


def test_they_are_listed_before_lanczos_with_their_factor() -> None:
    listed = [
        (info.id, info.scale)
        for info in Catalog([], app.STARTER_FOLDER).list()
        if info.kind is ModelKind.UPSCALER
    ]
    assert listed == [("starter-2x", 2), ("starter-4x", 4), ("lanczos", 1)]


@pytest.mark.parametrize("scale", SCALES)
def test_a_photograph_comes_out_nearer_to_the_truth_than_from_lanczos(
    shelf: Shelf, photo: NDArray[np.uint8], scale: int
) -> None:
    small, target = unit(reduced(photo, scale)), Size(240, 240)

    def quality(model: str) -> float:
        upscaler = shelf.get(model, silent)
        assert isinstance(upscaler, Upscaler)
        return decibels(upscaler.enlarge(small, target, silent), photo)

    assert quality(f"starter-{scale}x") > quality("lanczos") + 0.5


@pytest.mark.parametrize("scale", SCALES)
def test_no_seam_is_left_between_tiles(shelf: Shelf, photo: NDArray[np.uint8], scale: int) -> None:
    color, target = unit(photo), Size(240 * scale, 240 * scale)
    network = shelf.get(f"starter-{scale}x", silent)
    assert isinstance(network, Network)
    whole = network.enlarge(color, target, silent)
    tiled = Network(network._descriptor, 96).enlarge(color, target, silent)  # noqa: SLF001  the same weights, other tiles
    assert np.abs(whole - tiled).max() < 1e-5, "a level of 8 bits is 0.004"


@pytest.mark.parametrize("scale", SCALES)
def test_plain_colours_stay_as_they_are(shelf: Shelf, scale: int) -> None:
    for level in (0.0, 0.25, 0.6, 1.0):
        color = np.full((40, 40, 3), level, np.float32)
        network = shelf.get(f"starter-{scale}x", silent)
        assert isinstance(network, Network)
        made = network.enlarge(color, Size(40 * scale, 40 * scale), silent)
        assert np.abs(made - level).max() < 0.02


def test_the_card_names_data_licences_figures_and_limits() -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for heading in ("## Data", "## Figures", "## Limits"):
        assert heading in card
    assert "CC0" in card
