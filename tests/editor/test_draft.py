"""What is read of a canvas, and what is refused before anything is sent."""

from __future__ import annotations

import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.editor.draft import draft_enlargement, draft_regeneration
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Limits
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate, Upscale
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


def test_the_whole_canvas_is_enlarged() -> None:
    canvas = GreyCanvas()
    request, blobs = draft_enlargement(canvas, 1.5, LANCZOS, Limits())()
    assert isinstance(request, Upscale)
    assert request.context == Rect(0, 0, 100, 80)
    assert request.target == Size(150, 120)
    assert set(blobs) == {request.image.blob}
