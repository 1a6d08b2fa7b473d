"""Variations of a job: those that say the same are made at once, as far as memory goes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from scumble_protocol.blobs import blob_id
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Phase
from scumble_server.models import asking
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.run import run
from scumble_server.sampling import loop
from scumble_server.work.made import Result
from scumble_server.work.report import ProgressReport, Report, silent
from scumble_server.work.variations import batches
from tests.server.models.checkpoints import make_folder
from tests.server.pixels.requests import request_for

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate

SIDE = 64
PICTURE = np.full((SIDE, SIDE, 4), 255, np.uint8)
PICTURE[..., 1] = np.arange(SIDE)[:, None]
MASK = np.full((SIDE, SIDE), 255, np.uint8)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    make_folder(folder / "tiny")
    return Shelf(Catalog([folder], folder / "no-starter"), torch.device("cpu"))


def request(**changes: object) -> Regenerate:
    plain = request_for(Rect.of(Size(SIDE, SIDE)))
    blobs = {"image": PICTURE, "mask": MASK}
    refs = {
        name: replace(getattr(plain, name), blob=blob_id(array.tobytes()))
        for name, array in blobs.items()
    }
    settings: dict[str, Any] = {"model": "tiny", "prompt": "a fox", "seed": 7, "steps": 4}
    return replace(plain, **(settings | refs | changes))


def done(asked: Regenerate, shelf: Shelf, report: Callable[[Report], None] = silent) -> Result:
    blobs = {blob_id(array.tobytes()): array.tobytes() for array in (PICTURE, MASK)}
    return run(asked, blobs.__getitem__, shelf, report)


def made_at_once(monkeypatch: pytest.MonkeyPatch, most: int = 16) -> list[int]:
    """How many variations are made at once from now on; more than `most` take too much memory."""
    real: Callable[..., Any] = loop.sample
    sizes: list[int] = []

    def counting(crop: Any, model: Any, asked: Any, seeds: tuple[int, ...], report: Any) -> Any:
        sizes.append(len(seeds))
        if len(seeds) > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(crop, model, asked, seeds, report)

    monkeypatch.setattr(loop, "sample", counting)
    return sizes


def test_variations_that_say_the_same_are_made_together_whatever_their_order() -> None:
    assert batches(["a", "a", "a", "a", "a"], 2) == ((0, 1), (2, 3), (4,))
    assert batches(["a", "b", "a", "b", "a"], 16) == ((0, 2, 4), (1, 3))
    assert batches(["a", "b"], 1) == ((0,), (1,))


def test_a_batch_makes_what_each_variation_makes_alone(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = done(request(count=3), shelf)
    sizes = made_at_once(monkeypatch)
    together = done(request(count=3, batch=3), shelf)
    assert sizes == [3]
    assert [made.seed for made in together.made] == [7, 8, 9]
    for one, other in zip(alone.layers, together.layers, strict=True):
        difference = one.pixels.astype(np.int16) - other.pixels
        assert np.abs(difference).max() <= 1
    assert (together.layers[0].pixels != together.layers[1].pixels).any()
    assert together.notes == ()


def test_choices_of_a_prompt_part_a_batch_and_the_layers_stay_in_order(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request(count=6, batch=6, prompt="a {fox|owl}")
    alone = done(replace(asked, batch=1), shelf)
    sizes = made_at_once(monkeypatch)
    together = done(asked, shelf)
    assert len(sizes) == 2
    assert sum(sizes) == 6
    assert [made.seed for made in together.made] == [7, 8, 9, 10, 11, 12]
    assert together.prompts == alone.prompts


def test_smaller_batches_are_made_where_memory_is_short_and_it_is_said(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = made_at_once(monkeypatch, most=2)
    result = done(request(count=5, batch=5), shelf)
    assert [size for size in sizes if size <= 2] == [2, 2, 1]
    assert [made.seed for made in result.made] == [7, 8, 9, 10, 11]
    assert "There was not enough memory for 5 variations at once." in result.notes


def test_steps_of_a_batch_count_for_all_its_variations(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SECONDS", math.inf)  # else a slow machine repeats some
    told: list[Report] = []
    done(request(count=3, batch=2, strength=1.0), shelf, told.append)
    sampling = [
        report
        for report in told
        if isinstance(report, ProgressReport) and report.phase is Phase.SAMPLING
    ]
    assert [report.step for report in sampling] == [0, 2, 4, 6, 8, 8, 9, 10, 11, 12]
    assert {report.of for report in sampling} == {12}
    assert [sampling[0].detail, sampling[-1].detail] == ["1 to 2 of 3", "3 of 3"]
    # While there is another variation to come, some time is left.
    assert all(report.seconds_left != 0 for report in sampling[:5])


def test_the_passes_of_a_job_are_told_with_each_layer(shelf: Shelf) -> None:
    result = done(request(count=2, batch=2, strength=1.0, passes=(0.5,)), shelf)
    for made in result.made:
        ran = [(done.name, done.strength, done.steps) for done in made.passes]
        assert ran == [("pass 1", 1.0, 4), ("pass 2", 0.5, 2)]
