"""What is read of a canvas, and what is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.editor.canvas import Margins, Source
from scumble_protocol.editor.draft import (
    draft_enlargement,
    draft_expansion,
    draft_mask,
    draft_regeneration,
    draft_removal,
    refinement,
)
from scumble_protocol.editor.settings import Area, Settings, automatic_rim
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Limits
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate, Remove, ShowMask, Upscale
from tests.client.passing_server import MODELS
from tests.editor.grey_canvas import GreyCanvas

STARTER, LANCZOS = MODELS
PLAIN = Settings(grow=0, feather=0, padding=0)


def test_only_the_context_is_read() -> None:
    canvas = GreyCanvas(Size(16_384, 16_384), Rect(9000, 8000, 512, 512))
    request, blobs = draft_regeneration(canvas, PLAIN, STARTER, Limits())()
    assert canvas.read_rects == [Rect(9000, 8000, 512, 512)]
    assert isinstance(request, Regenerate)
    assert request.canvas == Size(16_384, 16_384)
    assert request.context == Rect(9000, 8000, 512, 512)
    assert set(blobs) == {request.image.blob, request.mask.blob}
    assert {blob_id(data) for data in blobs.values()} == set(blobs)


def test_the_model_and_its_native_side_are_in_the_request() -> None:
    request, _ = draft_regeneration(GreyCanvas(), PLAIN, STARTER, Limits())()
    assert isinstance(request, Regenerate)
    assert request.model == "starter"
    assert request.context == Rect(0, 0, 100, 80), "the canvas is smaller than 128 pixels"


def test_a_seed_is_chosen_where_none_is_given() -> None:
    def seed(settings: Settings) -> int:
        request, _ = draft_regeneration(GreyCanvas(), settings, STARTER, Limits())()
        assert isinstance(request, Regenerate)
        return request.seed

    assert seed(Settings(seed=5)) == 5
    assert len({seed(Settings()) for _ in range(4)}) > 1


def test_deep_pixels_stay_deep() -> None:
    canvas = GreyCanvas(format=PixelFormat.RGBA16)
    request, blobs = draft_regeneration(canvas, PLAIN, STARTER, Limits())()
    assert isinstance(request, Regenerate)
    assert request.image.format is PixelFormat.RGBA16
    assert len(blobs[request.image.blob]) == 100 * 80 * 8


@pytest.mark.parametrize("canvas", [GreyCanvas(selected=None), GreyCanvas(is_mask_black=True)])
def test_an_empty_selection_is_refused_before_a_pixel_is_read(canvas: GreyCanvas) -> None:
    with pytest.raises(RequestError, match="Nothing is selected") as caught:
        draft_regeneration(canvas, PLAIN, STARTER, Limits())
    assert caught.value.code is ErrorCode.EMPTY_SELECTION
    assert canvas.read_rects == []


def test_what_is_above_the_limits_is_refused_before_a_pixel_is_read() -> None:
    canvas = GreyCanvas()
    limits = Limits(image_side=99)
    with pytest.raises(RequestError) as caught:
        draft_regeneration(canvas, PLAIN, STARTER, limits)
    assert caught.value.code is ErrorCode.TOO_LARGE
    with pytest.raises(RequestError) as caught:
        draft_enlargement(canvas, 2, LANCZOS, limits)
    assert caught.value.code is ErrorCode.TOO_LARGE
    assert canvas.read_rects == []


@pytest.mark.parametrize(
    ("margins", "context"),
    [
        (Margins(left=300), Rect(0, 0, 364, 1000)),
        (Margins(right=300), Rect(936, 0, 364, 1000)),
        (Margins(top=300), Rect(0, 0, 1000, 364)),
        (Margins(bottom=300), Rect(0, 936, 1000, 364)),
        (Margins(left=10, right=10), Rect(0, 0, 1020, 1000)),
        (Margins(top=10, bottom=10), Rect(0, 0, 1000, 1020)),
        (Margins(left=10, top=10), Rect(0, 0, 1010, 1010)),
    ],
)
def test_an_expansion_reads_what_was_added_and_what_lies_next_to_it(
    margins: Margins, context: Rect
) -> None:
    canvas = GreyCanvas(Size(1000, 1000), None)
    settings = Settings(grow=0, feather=0, padding=32)
    request, blobs = draft_expansion(canvas, settings, margins, STARTER, Limits())()
    assert isinstance(request, Regenerate)
    assert canvas.size == request.canvas == margins.around(Size(1000, 1000))
    assert request.context == context
    assert canvas.read_rects == [request.context]
    mask = np.frombuffer(blobs[request.mask.blob], np.uint8)
    white = np.full((canvas.size.height, canvas.size.width), 255, np.uint8)
    white[margins.top :, margins.left :][:1000, :1000] = 0
    area = request.context
    np.testing.assert_array_equal(
        mask.reshape(area.height, area.width),
        white[area.y : area.bottom, area.x : area.right],
    )


def test_an_expansion_that_needs_nothing_of_the_old_picture_is_all_white() -> None:
    canvas = GreyCanvas(Size(1000, 1000), None)
    margins = Margins(left=500)
    request, blobs = draft_expansion(canvas, PLAIN, margins, STARTER, Limits())()
    assert isinstance(request, Regenerate)
    assert set(blobs[request.mask.blob]) == {255}


def test_nothing_and_too_much_are_refused_before_the_canvas_is_touched() -> None:
    canvas = GreyCanvas()
    with pytest.raises(RequestError, match="not become any larger"):
        draft_expansion(canvas, PLAIN, Margins(), STARTER, Limits())
    with pytest.raises(RequestError) as caught:
        draft_expansion(canvas, PLAIN, Margins(top=100), STARTER, Limits(image_side=110))
    assert caught.value.code is ErrorCode.TOO_LARGE
    with pytest.raises(RequestError, match="less than nothing"):
        Margins(left=-1)
    assert canvas.size == Size(100, 80)


def test_the_source_is_the_one_that_was_set() -> None:
    canvas = GreyCanvas()
    settings = Settings(source=Source.ACTIVE_LAYER)
    draft_regeneration(canvas, settings, STARTER, Limits())
    assert canvas.sources == [Source.ACTIVE_LAYER]


def test_the_whole_canvas_is_enlarged() -> None:
    canvas = GreyCanvas()
    request, blobs = draft_enlargement(canvas, 1.5, LANCZOS, Limits())()
    assert isinstance(request, Upscale)
    assert request.context == Rect(0, 0, 100, 80)
    assert request.target == Size(150, 120)
    assert set(blobs) == {request.image.blob}


def test_an_enlargement_says_what_is_mixed_in_and_refined() -> None:
    refined = refinement(Settings(model="starter", prompt="a cat", seed=5), 0.25)
    draft = draft_enlargement(
        GreyCanvas(), 2, LANCZOS, Limits(), second="sharp", blend=0.5, refinement=refined
    )
    request, _ = draft()
    assert isinstance(request, Upscale)
    assert (request.second, request.blend, request.refinement) == ("sharp", 0.5, refined)
    assert (refined.model, refined.prompt, refined.strength, refined.seed) == (
        "starter", "a cat", 0.25, 5,
    )  # fmt: skip


def test_a_removal_sees_as_much_around_as_it_takes_away_and_enough_to_choose_from() -> None:
    canvas = GreyCanvas(Size(1000, 1000), Rect(400, 500, 50, 20))
    settings = Settings(grow=1, feather=2, padding=0, seed=3)
    request, blobs = draft_removal(canvas, settings, Limits())()
    assert isinstance(request, Remove)
    assert request.context == Rect(269, 369, 312, 282)
    assert (request.grow, request.feather, request.seed) == (1, 2, 3)
    assert set(blobs) == {request.image.blob, request.mask.blob}
    with pytest.raises(RequestError, match="Nothing is selected"):
        draft_removal(GreyCanvas(selected=None), settings, Limits())
    with pytest.raises(RequestError) as caught:
        draft_removal(canvas, settings, Limits(image_side=99))
    assert caught.value.code is ErrorCode.TOO_LARGE


def test_the_mask_is_shown_as_a_regeneration_would_use_it() -> None:
    canvas = GreyCanvas()
    settings = Settings(strength=0.5, grow=None, feather=None, invert=True)
    request, blobs = draft_mask(canvas, settings, STARTER, Limits())()
    assert isinstance(request, ShowMask)
    regeneration, _ = draft_regeneration(canvas, settings, STARTER, Limits())()
    assert isinstance(regeneration, Regenerate)
    assert (request.context, request.grow, request.feather) == (
        regeneration.context, regeneration.grow, regeneration.feather,
    )  # fmt: skip
    assert (request.strength, request.invert) == (0.5, True)
    assert set(blobs) == {request.mask.blob} == {regeneration.mask.blob}
    assert len(canvas.read_rects) == 1, "of the picture itself, nothing is sent"


@pytest.mark.parametrize("whole", [{"area": Area.WHOLE}, {"invert": True}, {"target": Size(9, 9)}])
def test_where_all_of_the_picture_counts_all_of_it_is_sent(whole: dict[str, Any]) -> None:
    canvas = GreyCanvas(Size(1000, 900), Rect(400, 500, 50, 20))
    request, _ = draft_regeneration(canvas, Settings(**whole), STARTER, Limits())()
    assert isinstance(request, Regenerate)
    assert request.context == Rect(0, 0, 1000, 900)


def test_an_automatic_rim_suits_the_selection() -> None:
    canvas = GreyCanvas(Size(900, 900), Rect(50, 50, 400, 400))
    request, _ = draft_removal(canvas, Settings(grow=None, feather=None), Limits())()
    assert isinstance(request, Remove)
    assert (request.grow, request.feather) == (10, 25)
    assert automatic_rim(Size(10, 10)) == (2, 4), "there is always some"
    assert automatic_rim(Size(8000, 8000)) == (64, 256), "and never too much"
