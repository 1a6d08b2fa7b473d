"""The upscalers' training at toy size: whole, resumable, and what it writes loads in spandrel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from starter import checkpoint, enlarging, train_upscalers, upscalers
from starter.checkpoint import Pace, Place
from starter.enlarging import Source
from starter.objects import DrawnSprites
from starter.upscalers import Course, Shape
from tests.server.upscale.networks import load

CPU = torch.device("cpu")
TOY = Shape(2, 8, 2, side=12, batch=2)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder in which toys have been trained, with a photograph to judge with."""
    folder = tmp_path_factory.mktemp("upscalers")
    (folder / train_upscalers.TEST_PHOTOS).mkdir()
    photo = enlarging.drawing(np.random.default_rng(3), 64)
    Image.fromarray(photo).save(folder / train_upscalers.TEST_PHOTOS / "square.png")
    assert train_upscalers.main(["--toy", "--work", str(folder), "--device", "cpu"]) == 0
    return folder


@pytest.fixture
def source() -> Source:
    painted = np.stack([enlarging.drawing(np.random.default_rng(seed), 48) for seed in range(3)])
    return Source(painted, [enlarging.drawing(np.random.default_rng(9), 80)])


def course(source: Source, folder: Path, steps: int) -> Course:
    return Course(source, Pace(1.0, steps), Place(folder / "network.pt", print), CPU)


@pytest.mark.parametrize("scale", [2, 4])
def test_what_is_trained_loads_as_an_upscaler_of_its_factor(work: Path, scale: int) -> None:
    network = load(work / "upscalers" / f"starter-{scale}x.safetensors")
    assert network.scale == scale


def test_the_gains_are_told_for_photographs_and_icons(work: Path) -> None:
    gains = json.loads((work / "upscaling-figures.json").read_text(encoding="utf-8"))
    assert [gain["scale"] for gain in gains] == [2, 4]
    for gain in gains:
        assert set(gain["photos"]) == {"square"}
        assert np.isfinite(gain["icons"])


def test_the_card_tells_the_measured_figures(work: Path) -> None:
    gains = json.loads((work / "upscaling-figures.json").read_text(encoding="utf-8"))
    card = (work / "upscalers" / "README.md").read_text(encoding="utf-8")
    for gain in gains:
        assert f"{gain['photos']['square']:+.2f}" in card
        assert f"{gain['icons']:+.2f}" in card


def test_a_finished_training_is_not_done_again(work: Path) -> None:
    path = work / "upscalers" / "starter-2x.safetensors"
    before = path.read_bytes()
    assert train_upscalers.main(["--toy", "--work", str(work), "--device", "cpu"]) == 0
    assert path.read_bytes() == before


def test_a_resumed_network_has_made_all_its_steps(source: Source, tmp_path: Path) -> None:
    upscalers.learn(TOY, course(source, tmp_path, 2))
    upscalers.learn(TOY, course(source, tmp_path, 4))
    kept = checkpoint.load(tmp_path / "network.pt")
    assert kept is not None
    assert kept["pace"]["done"] == 4


def test_a_network_begins_with_the_layers_of_another_scale(source: Source, tmp_path: Path) -> None:
    first = upscalers.learn(TOY, course(source, tmp_path / "2x", 2))
    begun = upscalers.learn(Shape(4, 8, 2), course(source, tmp_path / "4x", 0), first)
    assert torch.equal(begun.body[0].weight, first.body[0].weight)
    assert begun.body[-1].weight.shape != first.body[-1].weight.shape


def test_training_brings_a_network_nearer_to_the_large_picture(
    source: Source, tmp_path: Path
) -> None:
    picture = enlarging.drawing(np.random.default_rng(50), 48)
    before = upscalers.won(upscalers.make(TOY), 2, picture)
    after = upscalers.won(upscalers.learn(TOY, course(source, tmp_path, 60)), 2, picture)
    assert after > before + 1


def test_pairs_are_the_same_each_time_and_fit_each_other(source: Source) -> None:
    one, other = (source.pairs(4, scale=4, side=8, count=3) for _ in range(2))
    assert torch.equal(one.large, other.large)
    assert one.small.shape == (3, 3, 8, 8)
    assert one.large.shape == (3, 3, 32, 32)
    means = torch.nn.functional.avg_pool2d(one.large, 4)
    assert (means - one.small).abs().mean() < 0.05


def test_sprites_to_be_judged_with_are_never_shown() -> None:
    sprites = DrawnSprites()
    assert not set(enlarging.taught(sprites)) & set(enlarging.held_out(sprites))
    assert set(enlarging.taught(sprites)) | set(enlarging.held_out(sprites)) == set(
        sprites.others()
    )


def test_decibels_grow_as_the_error_shrinks() -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    assert upscalers.decibels(grey, grey + 10) == pytest.approx(28.13, abs=0.01)
    assert upscalers.decibels(grey, grey + 1) == pytest.approx(48.13, abs=0.01)
