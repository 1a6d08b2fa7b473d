from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scumble_protocol.checks import MAX_SEED
from scumble_protocol.choices import Sampler
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Phase
from scumble_protocol.requests import LoadModel, Regenerate, Upscale
from scumble_server.models import asking
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.run import run
from scumble_server.sampling import loop
from scumble_server.work.report import (
    Cancelled,
    PreviewReport,
    ProgressReport,
    Report,
    silent,
)
from scumble_server.work.variations import seeds_of
from tests.server.models.checkpoints import make_folder
from tests.server.photos import opaque, photo
from tests.server.pixels.pictures import Pictures
from tests.server.pixels.requests import ellipse, request_for

CONTEXT = Rect(10, 20, 75, 61)
TINY = "tiny"


@pytest.fixture
def pictures() -> Pictures:
    return Pictures()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    make_folder(folder / TINY)
    return Shelf(Catalog([folder], folder / "no-starter"), torch.device("cpu"))


def no_shelf(*_arguments: object) -> Any:
    raise AssertionError("a model was asked for")


class NoShelf:
    additions: Any = None
    get = staticmethod(no_shelf)
    addition = staticmethod(no_shelf)
    spec_of = staticmethod(no_shelf)
    load = staticmethod(no_shelf)
    put_others_away = staticmethod(no_shelf)


def regenerate(pictures: Pictures, selection: NDArray[np.uint8] | None = None) -> Regenerate:
    if selection is None:
        selection = ellipse(CONTEXT.size)
    return replace(
        request_for(CONTEXT, canvas=Size(200, 150), feather=6, match_color=True),
        model=TINY,
        sampler=Sampler.DDIM,
        steps=4,
        strength=1.0,
        image=pictures.keep(opaque(photo()[:61, :75])),
        mask=pictures.keep(selection),
    )


def test_a_selection_becomes_a_layer_on_the_canvas(pictures: Pictures, shelf: Shelf) -> None:
    result = run(regenerate(pictures), pictures.blobs.__getitem__, shelf, silent)
    (layer,) = result.layers
    assert CONTEXT.contains(layer.rect)
    assert layer.pixels.shape == (layer.rect.height, layer.rect.width, 4)
    assert tuple(made.seed for made in result.made) == (1,)
    before = photo()[
        layer.rect.y - 20 : layer.rect.bottom - 20, layer.rect.x - 10 : layer.rect.right - 10
    ]
    assert (layer.pixels[..., :3] != before)[layer.mask == 255].mean() > 0.9


def test_times_name_every_phase(pictures: Pictures, shelf: Shelf) -> None:
    result = run(regenerate(pictures), pictures.blobs.__getitem__, shelf, silent)
    phases = {"preparing", "encoding", "sampling", "decoding", "composing"}
    assert phases <= set(result.times)
    assert all(seconds >= 0 for seconds in result.times.values())


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_strength_zero_gives_the_pixels_back_without_a_model(
    pictures: Pictures, depth: type[np.uint8 | np.uint16]
) -> None:
    picture = opaque(photo()[:61, :75], depth)
    request = replace(regenerate(pictures), strength=0.0, count=3, image=pictures.keep(picture))
    result = run(request, pictures.blobs.__getitem__, NoShelf(), silent)
    assert len(result.layers) == 3
    for layer in result.layers:
        x, y = layer.rect.x - CONTEXT.x, layer.rect.y - CONTEXT.y
        same = picture[y : y + layer.rect.height, x : x + layer.rect.width]
        np.testing.assert_array_equal(layer.pixels, same)


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_an_empty_selection_is_refused(pictures: Pictures, shelf: Shelf, strength: float) -> None:
    request = replace(regenerate(pictures, np.zeros((61, 75), np.uint8)), strength=strength)
    with pytest.raises(RequestError) as refused:
        run(request, pictures.blobs.__getitem__, shelf, silent)
    assert refused.value.code is ErrorCode.EMPTY_SELECTION


def test_each_variation_is_what_its_seed_alone_would_make(pictures: Pictures, shelf: Shelf) -> None:
    request = replace(regenerate(pictures), seed=7, count=3)
    result = run(request, pictures.blobs.__getitem__, shelf, silent)
    assert tuple(made.seed for made in result.made) == (7, 8, 9)
    alone = run(replace(request, seed=8, count=1), pictures.blobs.__getitem__, shelf, silent)
    np.testing.assert_array_equal(result.layers[1].pixels, alone.layers[0].pixels)
    assert (result.layers[0].pixels != result.layers[2].pixels).any()


def test_progress_counts_on_over_all_variations(
    pictures: Pictures, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SECONDS", math.inf)  # else a slow machine repeats some
    told: list[Report] = []
    request = replace(regenerate(pictures), count=2)
    run(request, pictures.blobs.__getitem__, shelf, told.append)
    sampling = [
        report
        for report in told
        if isinstance(report, ProgressReport) and report.phase is Phase.SAMPLING
    ]
    assert [report.step for report in sampling] == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8]
    assert {report.of for report in sampling} == {8}
    assert sampling[-1].detail == "2 of 2"
    # While there is another variation to come, some time is left.
    assert all(report.seconds_left != 0 for report in sampling[:5])


def test_previews_show_the_context_without_padding(pictures: Pictures, shelf: Shelf) -> None:
    told: list[Report] = []
    run(regenerate(pictures), pictures.blobs.__getitem__, shelf, told.append)
    previews = [report.pixels for report in told if isinstance(report, PreviewReport)]
    # 75 by 61 pixels are worked on as 80 by 64, of which latents show every eighth.
    assert {preview.shape for preview in previews} == {(8, 9, 4)}


def test_cancel_passes_through(pictures: Pictures, shelf: Shelf) -> None:
    def cancel(report: Report) -> None:
        if isinstance(report, ProgressReport) and report.step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(regenerate(pictures), pictures.blobs.__getitem__, shelf, cancel)


def test_half_the_pixels_are_tried_when_memory_runs_out(
    pictures: Pictures, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., Any] = loop.sample
    tried: list[int] = []

    def scarce(crop: Any, *others: Any) -> Any:
        tried.append(crop.working.pixels)
        if crop.working.pixels > 4000:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(crop, *others)

    monkeypatch.setattr(loop, "sample", scarce)
    (layer,) = run(regenerate(pictures), pictures.blobs.__getitem__, shelf, silent).layers
    assert tried[0] == 80 * 64
    # At first without what is kept, and with the VAE in tiles: the picture stays as large as it is.
    assert set(tried[:-1]) == {tried[0]}
    assert tried[-1] <= tried[0] // 2
    assert CONTEXT.contains(layer.rect)


def test_no_memory_for_the_smallest_picture_is_said(
    pictures: Pictures, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(loop, "sample", full)
    with pytest.raises(torch.OutOfMemoryError):
        run(regenerate(pictures), pictures.blobs.__getitem__, shelf, silent)


def test_other_errors_of_the_model_are_not_tried_again(
    pictures: Pictures, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []

    def broken(crop: object, *_others: object) -> None:
        tried.append(crop)
        raise RuntimeError("sizes of tensors must match")

    monkeypatch.setattr(loop, "sample", broken)
    with pytest.raises(RuntimeError, match="must match"):
        run(regenerate(pictures), pictures.blobs.__getitem__, shelf, silent)
    assert len(tried) == 1


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_an_upscale_lies_on_the_enlarged_canvas(
    pictures: Pictures, shelf: Shelf, depth: type[np.uint8 | np.uint16]
) -> None:
    image = pictures.keep(opaque(photo()[:61, :75], depth))
    request = Upscale("lanczos", 1.5, Size(200, 150), CONTEXT, image)
    result = run(request, pictures.blobs.__getitem__, shelf, silent)
    (layer,) = result.layers
    assert layer.rect == Rect(15, 30, 112, 92)
    assert layer.pixels.shape == (92, 112, 4)
    assert layer.pixels.dtype == depth
    assert (layer.mask == 255).all()
    assert tuple(made.seed for made in result.made) == (0,)


def test_loading_gives_no_layers_and_leaves_the_model_in_memory(shelf: Shelf) -> None:
    told: list[Report] = []
    result = run(LoadModel(TINY), no_shelf, shelf, told.append)
    assert result.layers == ()
    assert tuple(made.seed for made in result.made) == ()
    assert TINY in shelf.loaded


def test_an_upscaler_makes_nothing_new_and_a_model_enlarges_nothing(
    pictures: Pictures, shelf: Shelf
) -> None:
    image = pictures.keep(opaque(photo()[:61, :75]))
    for request in (
        replace(regenerate(pictures), model="lanczos"),
        Upscale(TINY, 2, Size(200, 150), CONTEXT, image),
    ):
        with pytest.raises(RequestError) as refused:
            run(request, pictures.blobs.__getitem__, shelf, silent)
        assert refused.value.code is ErrorCode.UNSUPPORTED_MODEL


def test_a_blob_of_another_length_is_refused(pictures: Pictures, shelf: Shelf) -> None:
    request = regenerate(pictures)
    with pytest.raises(RequestError) as refused:
        run(request, lambda blob: pictures.blobs[blob][:-1], shelf, silent)
    assert refused.value.code is ErrorCode.BAD_PICTURE


def test_seeds_go_on_at_zero_after_the_largest(pictures: Pictures) -> None:
    request = replace(regenerate(pictures), seed=MAX_SEED - 1, count=4)
    assert seeds_of(request) == (MAX_SEED - 1, MAX_SEED, 0, 1)
