from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scumble_protocol.checks import MAX_SEED
from scumble_protocol.errors import ErrorCode, ProtocolError, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate, Upscale
from tests.protocol.samples import IMAGE, LOAD_MODEL, MASK, REGENERATE, UPSCALE


def changed(name: str, value: float) -> Regenerate:
    changes: dict[str, Any] = {name: value}
    return replace(REGENERATE, **changes)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("strength", 0, 1),
        ("steps", 1, 200),
        ("cfg", 1, 30),
        ("seed", 0, MAX_SEED),
        ("count", 1, 16),
        ("grow", 0, 1024),
        ("feather", 0, 1024),
    ],
)
def test_a_setting_is_taken_within_its_range_only(name: str, least: int, most: int) -> None:
    for legal in (least, most):
        assert getattr(changed(name, legal), name) == legal
    for illegal in (least - 1, most + 1):
        with pytest.raises(RequestError, match=f"is {illegal}") as caught:
            changed(name, illegal)
        assert caught.value.code is ErrorCode.INVALID_VALUE
        assert caught.value.hint.startswith("It must be")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["strength", "cfg"])
def test_what_is_no_finite_number_is_refused(name: str, value: float) -> None:
    with pytest.raises(RequestError, match=f"{value}"):
        changed(name, value)


@pytest.mark.parametrize("scale", [0.5, 8.5, float("nan")])
def test_an_impossible_scale_is_refused(scale: float) -> None:
    with pytest.raises(RequestError, match="scale"):
        replace(UPSCALE, scale=scale)


@pytest.mark.parametrize("request_", [REGENERATE, UPSCALE])
@pytest.mark.parametrize("context", [Rect(40, 4, 32, 16), Rect(-1, 4, 32, 16)])
def test_an_area_beyond_the_canvas_is_refused(request_: Any, context: Rect) -> None:
    with pytest.raises(RequestError) as caught:
        replace(request_, context=context)
    assert caught.value.code is ErrorCode.SELECTION_OUTSIDE


@pytest.mark.parametrize("request_", [REGENERATE, UPSCALE])
@pytest.mark.parametrize(
    "image", [replace(IMAGE, size=Size(32, 17)), replace(IMAGE, format=PixelFormat.GRAY8)]
)
def test_a_picture_that_does_not_fit_is_refused(request_: Any, image: ImageRef) -> None:
    with pytest.raises(RequestError, match="The picture is") as caught:
        replace(request_, image=image)
    assert caught.value.code is ErrorCode.BAD_PICTURE


@pytest.mark.parametrize(
    "mask", [replace(MASK, size=Size(31, 16)), replace(MASK, format=PixelFormat.RGBA8)]
)
def test_a_mask_that_does_not_fit_is_refused(mask: ImageRef) -> None:
    with pytest.raises(RequestError, match="The mask is") as caught:
        replace(REGENERATE, mask=mask)
    assert caught.value.code is ErrorCode.MASK_SIZE


@pytest.mark.parametrize("blob", ["", "0" * 31, "0" * 33, "A" * 32, "g" * 32, "0" * 32 + "\n"])
def test_what_is_no_blob_id_is_refused(blob: str) -> None:
    with pytest.raises(ProtocolError, match="no blob id"):
        ImageRef(blob, Size(1, 1), PixelFormat.RGBA8)


def test_an_image_knows_its_length() -> None:
    assert ImageRef("0" * 32, Size(3, 2), PixelFormat.RGBA16).length == 48


def test_a_request_names_the_blobs_that_it_needs() -> None:
    assert REGENERATE.blobs == (IMAGE, MASK)
    assert UPSCALE.blobs == (IMAGE,)
    assert LOAD_MODEL.blobs == ()


def test_an_upscale_knows_the_size_of_its_result() -> None:
    assert UPSCALE.target == Size(64, 32)
    assert Upscale("m", 1.5, Size(64, 48), REGENERATE.context, IMAGE).target == Size(48, 24)
