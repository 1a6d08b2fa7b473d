from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Pass
from scumble_server.pixels.opencv import Picture
from scumble_server.prompts.library import Library
from scumble_server.prompts.wording import check_prompts
from scumble_server.run import run
from scumble_server.work.report import Cancelled, PreviewReport, ProgressReport
from tests.server.photos import opaque, photo
from tests.server.tiles.jobs import Desk, refinement

SAMPLES = (np.uint8, np.uint16)


@pytest.fixture
def picture() -> Picture:
    return opaque(photo()[60:110, 180:250])


def test_strength_zero_gives_the_enlarged_picture_exactly(desk: Desk, picture: Picture) -> None:
    plain = desk.run(desk.upscale(picture, 3)).made[0]
    refined = desk.run(desk.upscale(picture, 3, refinement("tiny", 0))).made[0]
    np.testing.assert_array_equal(refined.layer.pixels, plain.layer.pixels)
    assert refined.passes == plain.passes == (Pass("lanczos", Size(210, 150), 0.0, 0),)


@pytest.mark.parametrize("depth", SAMPLES)
def test_detail_keeps_size_depth_and_transparency(
    desk: Desk, depth: type[np.uint8 | np.uint16]
) -> None:
    picture = opaque(photo()[60:110, 180:250], depth)
    picture[:20, :30, 3] = 0
    plain = desk.run(desk.upscale(picture, 2)).layers[0]
    refined = desk.run(desk.upscale(picture, 2, refinement("tiny", 0.5))).layers[0]
    assert refined.pixels.dtype == depth
    assert refined.pixels.shape == (100, 140, 4)
    np.testing.assert_array_equal(refined.pixels[..., 3], plain.pixels[..., 3])
    assert (refined.pixels[..., :3] != plain.pixels[..., :3]).mean() > 0.5


def test_the_recipe_tells_of_every_pass(desk: Desk, picture: Picture) -> None:
    made = desk.run(desk.upscale(picture, 2, refinement("tiny", 0.5))).made[0]
    # 140 by 100 pixels are three tiles of 64 beside and two below each other.
    assert made.passes == (
        Pass("lanczos", Size(140, 100), 0.0, 0),
        Pass("detail", Size(64, 64), 0.5, 2, tiles=6),
    )
    assert (made.seed, made.prompts.prompt) == (3, "a red apple")
    assert made.prompts.tokens > 0


def test_the_same_refinement_gives_the_same_pixels(desk: Desk, picture: Picture) -> None:
    request = desk.upscale(picture, 2, refinement("tiny", 0.7))
    one, again = desk.run(request).layers[0], desk.run(request).layers[0]
    np.testing.assert_array_equal(one.pixels, again.pixels)


def test_progress_runs_once_over_all_tiles_and_previews_show_the_whole(
    desk: Desk, picture: Picture
) -> None:
    desk.run(desk.upscale(picture, 2, refinement("tiny", 0.5)))
    sampling = [
        report
        for report in desk.told
        if isinstance(report, ProgressReport) and report.phase.value == "sampling"
    ]
    steps = [report.step for report in sampling]
    assert steps == sorted(steps)
    assert {report.of for report in sampling} == {12}
    assert (steps[0], steps[-1]) == (0, 12)
    assert sampling[-1].detail == "tile 6 of 6"
    shown = [report.pixels for report in desk.told if isinstance(report, PreviewReport)]
    assert {pixels.shape for pixels in shown} == {(100, 140, 4)}
    # What is not drawn yet is the picture as it was.
    before = desk.run(desk.upscale(picture, 2)).layers[0].pixels
    far = shown[0][70:, 70:, :3].astype(int) - before[70:, 70:, :3]
    assert np.abs(far).mean() < 8


def test_cancel_stops_inside_a_tile(desk: Desk, picture: Picture) -> None:
    def cancel(report: object) -> None:
        if isinstance(report, ProgressReport) and report.step == 5:
            raise Cancelled

    request = desk.upscale(picture, 2, refinement("tiny", 0.5))
    with pytest.raises(Cancelled):
        run(request, desk.blobs.__getitem__, desk.shelf, cancel)


def test_a_picture_smaller_than_a_tile_is_one_tile(desk: Desk) -> None:
    request = desk.upscale(opaque(photo()[:13, :21]), 1.5, refinement("tiny", 0.5))
    made = desk.run(request).made[0]
    assert made.layer.pixels.shape == (20, 32, 4)
    assert made.passes[-1].tiles == 1


def test_tiles_that_the_model_cannot_do_are_made_smaller_and_that_is_said(
    desk: Desk, picture: Picture
) -> None:
    result = desk.run(desk.upscale(picture, 4, refinement("tiny", 0.3, tile=640)))
    assert result.made[0].passes[-1].working == Size(96, 96)
    assert result.notes == ("Tiles were 96 pixels a side: the model can't do 640.",)


def test_an_overlap_of_any_size_leaves_tiles_that_cover_the_picture(
    desk: Desk, picture: Picture
) -> None:
    request = desk.upscale(picture, 2, refinement("tiny", 0.3, overlap=1024))
    assert desk.run(request).layers[0].pixels.shape == (100, 140, 4)


def test_two_upscalers_are_mixed(desk: Desk, picture: Picture) -> None:
    one = desk.run(desk.upscale(picture, 2)).layers[0].pixels.astype(float)
    other = desk.run(desk.upscale(picture, 2, model="starter-2x")).layers[0].pixels
    request = replace(desk.upscale(picture, 2), second="starter-2x", blend=0.25)
    made = desk.run(request).made[0]
    mixed = one * 0.75 + other * 0.25
    assert np.abs(made.layer.pixels - mixed).max() <= 1.5
    assert [ran.name for ran in made.passes] == ["lanczos", "starter-2x"]


@pytest.mark.parametrize(("blend", "names"), [(0.0, ["lanczos"]), (1.0, ["starter-2x"])])
def test_an_upscaler_without_a_share_is_not_run(
    desk: Desk, picture: Picture, blend: float, names: list[str]
) -> None:
    request = replace(desk.upscale(picture, 2), second="starter-2x", blend=blend)
    made = desk.run(request).made[0]
    assert [ran.name for ran in made.passes] == names
    alone = desk.run(desk.upscale(picture, 2, model=names[0])).layers[0]
    np.testing.assert_array_equal(made.layer.pixels, alone.pixels)


def test_a_tile_control_has_a_say_where_there_is_one(desk: Desk, picture: Picture) -> None:
    free = desk.run(desk.upscale(picture, 2, refinement("tiny", 0.6)))
    held = desk.run(desk.upscale(picture, 2, refinement("tiny", 0.6, tile_control=True)))
    assert held.notes == ()
    assert (held.layers[0].pixels != free.layers[0].pixels).any()


def test_where_there_is_no_tile_control_that_is_said(desk: Desk, picture: Picture) -> None:
    result = desk.run(desk.upscale(picture, 1.5, refinement("large", 0.3, tile_control=True)))
    (note,) = result.notes
    assert "There is no ControlNet for tile" in note


def test_what_is_wrong_with_a_refinement_is_said_before_anything_is_loaded(
    desk: Desk, picture: Picture
) -> None:
    asked = replace(refinement("tiny", 0.5), prompt="an apple <lora:nothing:1>")
    request = desk.upscale(picture, 2, asked)
    with pytest.raises(RequestError, match="nothing"):
        check_prompts(request, Library())
    with pytest.raises(RequestError, match="nothing"):
        run(request, desk.blobs.__getitem__, desk.shelf, unexpected)


def unexpected(report: object) -> None:
    raise AssertionError(report)


@pytest.mark.parametrize(
    ("model", "second", "refined"),
    [("tiny", "", ""), ("lanczos", "tiny", ""), ("lanczos", "", "lanczos")],
)
def test_models_that_are_of_another_kind_are_refused(
    desk: Desk, picture: Picture, model: str, second: str, refined: str
) -> None:
    asked = refinement(refined, 0.5) if refined else None
    request = replace(desk.upscale(picture, 2, asked, model=model), second=second, blend=0.5)
    with pytest.raises(RequestError) as refused:
        desk.run(request)
    assert refused.value.code is ErrorCode.UNSUPPORTED_MODEL


def test_a_part_of_the_canvas_lies_on_the_enlarged_canvas(desk: Desk, picture: Picture) -> None:
    whole = desk.upscale(picture, 2, refinement("tiny", 0.5))
    part = replace(whole, canvas=Size(200, 150), context=Rect(10, 20, 70, 50))
    layer = desk.run(part).layers[0]
    assert layer.rect == Rect(20, 40, 140, 100)
    assert (layer.mask == 255).all()
