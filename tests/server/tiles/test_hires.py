from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scumble_protocol.choices import Sampler
from scumble_protocol.geometry import Size
from scumble_protocol.messages import Pass, Phase
from scumble_protocol.requests import Regenerate
from scumble_server.pixels.opencv import Mask, Picture
from scumble_server.run import run
from scumble_server.work.made import Result
from scumble_server.work.report import Cancelled, PreviewReport, ProgressReport
from tests.server.photos import opaque, photo
from tests.server.pixels.requests import ellipse
from tests.server.tiles.jobs import Desk, composited

SIDE = 208


@pytest.fixture
def picture() -> Picture:
    return opaque(photo()[:SIDE, :SIDE])


@pytest.fixture
def mask() -> Mask:
    return ellipse(Size(SIDE, SIDE), 0.4)


def sampling(desk: Desk) -> list[ProgressReport]:
    return [
        told
        for told in desk.told
        if isinstance(told, ProgressReport) and told.phase is Phase.SAMPLING
    ]


def test_without_it_a_large_area_is_scaled_as_ever(
    desk: Desk, picture: Picture, mask: Mask
) -> None:
    result = desk.run(desk.regenerate(picture, mask, "tiny"))
    assert [ran.name for ran in result.made[0].passes] == ["pass 1"]


def test_a_large_area_gets_detail_in_tiles_under_the_mask_alone(
    desk: Desk, picture: Picture, mask: Mask
) -> None:
    request = replace(desk.regenerate(picture, mask, "tiny"), hires=0.5)
    made = desk.run(request).made[0]
    assert made.passes[0] == Pass("pass 1", Size(96, 96), 1.0, 4)
    detail = made.passes[-1]
    assert (detail.name, detail.working, detail.strength) == ("detail", Size(64, 64), 0.5)
    # 5 by 5 tiles of 64 pixels, of which those in the corners show nothing of the selection.
    assert 9 <= detail.tiles <= 21
    shown = composited(picture, made.layer)
    np.testing.assert_array_equal(shown[mask == 0], picture[mask == 0])


def test_with_it_the_layer_lies_where_it_did(desk: Desk, picture: Picture, mask: Mask) -> None:
    plain = desk.regenerate(picture, mask, "tiny")
    before = desk.run(plain).layers[0]
    after = desk.run(replace(plain, hires=0.3)).layers[0]
    assert before.rect == after.rect
    np.testing.assert_array_equal(before.mask, after.mask)
    assert (before.pixels != after.pixels).any()


def test_an_area_that_the_model_can_do_at_once_needs_no_second_pass(desk: Desk) -> None:
    picture, mask = opaque(photo()[:96, :96]), ellipse(Size(96, 96))
    plain = desk.regenerate(picture, mask, "tiny")
    one, other = desk.run(plain), desk.run(replace(plain, hires=0.5))
    np.testing.assert_array_equal(one.layers[0].pixels, other.layers[0].pixels)
    assert other.made[0].passes == one.made[0].passes


def test_progress_runs_once_over_both_passes_of_all_variations(
    desk: Desk, picture: Picture, mask: Mask
) -> None:
    request = replace(desk.regenerate(picture, mask, "tiny"), hires=0.5, count=2)
    result = desk.run(request)
    tiles = result.made[0].passes[-1].tiles
    told = sampling(desk)
    assert {report.of for report in told} == {2 * 4 + 2 * 2 * tiles}
    steps = [report.step for report in told]
    assert steps == sorted(steps)
    assert steps[-1] == told[-1].of
    assert f"tile {tiles} of {tiles}" in {report.detail for report in told}


def test_each_variation_is_what_its_seed_alone_would_make(
    desk: Desk, picture: Picture, mask: Mask
) -> None:
    request = replace(desk.regenerate(picture, mask, "tiny"), hires=0.5, count=2)
    both = desk.run(request).made
    alone = desk.run(replace(request, count=1, seed=both[1].seed)).layers[0]
    np.testing.assert_array_equal(both[1].layer.pixels, alone.pixels)
    assert (both[0].layer.pixels != both[1].layer.pixels).any()


def test_cancel_stops_the_second_pass(desk: Desk, picture: Picture, mask: Mask) -> None:
    def cancel(report: object) -> None:
        if isinstance(report, ProgressReport) and report.detail.startswith("tile 3 "):
            raise Cancelled

    request = replace(desk.regenerate(picture, mask, "tiny"), hires=0.5)
    with pytest.raises(Cancelled):
        run(request, desk.blobs.__getitem__, desk.shelf, cancel)


def test_previews_of_the_second_pass_show_the_whole_context(
    desk: Desk, picture: Picture, mask: Mask
) -> None:
    desk.run(replace(desk.regenerate(picture, mask, "tiny"), hires=0.5))
    shapes = {told.pixels.shape for told in desk.told if isinstance(told, PreviewReport)}
    # Latents of the composition, then the whole.
    assert (SIDE, SIDE, 4) in shapes


def test_sixteen_bits_stay(desk: Desk, mask: Mask) -> None:
    picture = opaque(photo()[:SIDE, :SIDE], np.uint16)
    request = replace(desk.regenerate(picture, mask, "tiny"), hires=0.4)
    layer = desk.run(request).layers[0]
    assert layer.pixels.dtype == np.uint16
    np.testing.assert_array_equal(composited(picture, layer)[mask == 0], picture[mask == 0])


def sharpness(result: Result) -> float:
    """Energy of the gradient in the middle of what was made."""
    layer = result.layers[0]
    height, width = layer.mask.shape
    middle: NDArray[np.float64] = layer.pixels[
        height // 4 : -height // 4, width // 4 : -width // 4, :3
    ].astype(float)
    return float(
        np.square(np.diff(middle, axis=0)).mean() + np.square(np.diff(middle, axis=1)).mean()
    )


def coarse(result: Result) -> NDArray[np.float64]:
    """Mean colours of parts of what was made, 50 pixels a side."""
    (layer,) = result.layers
    shown = layer.pixels[:400, :400, :3] * (layer.mask[:400, :400, None] / 255)
    return np.asarray(shown.reshape(8, 50, 8, 50, 3).mean((1, 3)))


def test_the_starter_draws_the_same_thing_sharper_with_it(desk: Desk) -> None:
    picture, mask = opaque(np.full((512, 512, 3), 150, np.uint8)), ellipse(Size(512, 512), 0.8)
    plain: Regenerate = replace(
        desk.regenerate(picture, mask, "starter"), sampler=Sampler.DPMPP_2M, steps=8, cfg=4.0
    )
    once, twice = desk.run(plain), desk.run(replace(plain, hires=0.4))
    assert sharpness(twice) > 1.3 * sharpness(once)
    assert np.abs(coarse(twice) - coarse(once)).mean() < 4
