from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scumble_protocol.checks import MAX_SEED
from scumble_protocol.errors import ErrorCode, ProtocolError, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import MAX_GUIDES, Regenerate, Upscale
from tests.protocol.samples import (
    GUIDED,
    IMAGE,
    LOAD_MODEL,
    MASK,
    REFINE,
    REGENERATE,
    REMOVE,
    RESIZED,
    SHOW_MASK,
    UPSCALE,
)


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
        ("batch", 1, 16),
        ("clip_skip", 1, 12),
        ("cfg_rescale", 0, 1),
        ("hires", 0, 1),
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


def test_further_passes_go_over_what_a_first_one_made() -> None:
    assert replace(REGENERATE, strength=0.01, passes=(0.5,)).passes == (0.5,)
    with pytest.raises(RequestError) as caught:
        replace(REGENERATE, strength=0, passes=(0.5,))
    assert caught.value.code is ErrorCode.INVALID_VALUE


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["strength", "cfg"])
def test_what_is_no_finite_number_is_refused(name: str, value: float) -> None:
    with pytest.raises(RequestError, match=f"{value}"):
        changed(name, value)


@pytest.mark.parametrize("scale", [0.5, 16.5, float("nan")])
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
    assert REMOVE.blobs == (IMAGE, MASK)
    assert SHOW_MASK.blobs == (MASK,)
    assert GUIDED.blobs == (IMAGE, MASK, IMAGE, IMAGE, MASK)


@pytest.mark.parametrize("passes", [(0.0,), (1.5,), (0.5,) * 5])
def test_further_passes_are_few_and_do_something(passes: tuple[float, ...]) -> None:
    with pytest.raises(RequestError, match="further pass"):
        replace(REGENERATE, passes=passes)


def test_only_the_whole_canvas_can_be_brought_to_another_size() -> None:
    assert RESIZED.target == Size(64, 64)
    with pytest.raises(RequestError, match="another size") as caught:
        replace(REGENERATE, target=Size(64, 64))
    assert caught.value.hint.startswith("Select the whole picture")


@pytest.mark.parametrize("name", ["controls", "references", "regions"])
def test_guides_are_few(name: str) -> None:
    many: dict[str, Any] = {name: getattr(GUIDED, name) * (MAX_GUIDES + 1)}
    with pytest.raises(RequestError, match=f"The number of {name}"):
        replace(GUIDED, **many)


@pytest.mark.parametrize(
    "influence",
    [
        {"weight": 2.5},
        {"weight": float("nan")},
        {"start": -0.1},
        {"start": 0.6, "end": 0.5},
        {"end": 1.1},
    ],
)
def test_a_guide_counts_within_its_ranges_only(influence: dict[str, float]) -> None:
    changes: dict[str, Any] = dict(influence)
    for guide in (GUIDED.controls[0], GUIDED.references[0]):
        with pytest.raises(RequestError):
            replace(guide, **changes)


def test_a_control_of_another_size_is_refused() -> None:
    other = replace(IMAGE, size=Size(31, 16))
    with pytest.raises(RequestError, match="The canny control is") as caught:
        replace(GUIDED, controls=(replace(GUIDED.controls[0], image=other),))
    assert caught.value.code is ErrorCode.BAD_PICTURE


def test_a_reference_without_colours_is_refused() -> None:
    with pytest.raises(RequestError, match="no colours") as caught:
        replace(GUIDED.references[0], image=MASK)
    assert caught.value.code is ErrorCode.BAD_PICTURE


def test_a_region_of_another_size_is_refused() -> None:
    other = replace(MASK, size=Size(31, 16))
    with pytest.raises(RequestError, match="The region 'a worm' is") as caught:
        replace(GUIDED, regions=(replace(GUIDED.regions[0], mask=other),))
    assert caught.value.code is ErrorCode.MASK_SIZE


@pytest.mark.parametrize(
    "changes",
    [
        {"strength": 1.5},
        {"steps": 0},
        {"cfg": 0.5},
        {"seed": -1},
        {"overlap": 1025},
        {"tile": 63},
        {"tile": 512, "overlap": 300},
        {"tile": 5000},
    ],
)
def test_a_refinement_keeps_to_its_ranges(changes: dict[str, Any]) -> None:
    assert REFINE.refinement is not None
    assert replace(REFINE.refinement, tile=0).tile == 0
    with pytest.raises(RequestError):
        replace(REFINE.refinement, **changes)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_the_second_upscaler_has_a_share(share: float) -> None:
    with pytest.raises(RequestError, match="second upscaler"):
        replace(UPSCALE, blend=share)


def test_a_removal_and_a_shown_mask_refuse_what_a_regeneration_does() -> None:
    for request in (REMOVE, SHOW_MASK):
        with pytest.raises(RequestError, match="Grow"):
            replace(request, grow=-1)
        with pytest.raises(RequestError, match="beyond the canvas"):
            replace(request, canvas=Size(32, 32))
        with pytest.raises(RequestError, match="The mask is"):
            replace(request, mask=IMAGE)


def test_an_upscale_knows_the_size_of_its_result() -> None:
    assert UPSCALE.target == Size(64, 32)
    assert Upscale("m", 1.5, Size(64, 48), REGENERATE.context, IMAGE).target == Size(48, 24)
