from __future__ import annotations

from dataclasses import replace

import pytest

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Size
from scumble_protocol.guides import Region
from scumble_protocol.limits import check_request
from scumble_protocol.messages import Limits
from scumble_protocol.requests import Request
from tests.protocol.samples import (
    GUIDED,
    LOAD_MODEL,
    MASK,
    REFINE,
    REGENERATE,
    REMOVE,
    RESIZED,
    UPSCALE,
)


@pytest.mark.parametrize(
    "request_", [REGENERATE, GUIDED, RESIZED, REMOVE, UPSCALE, REFINE, LOAD_MODEL]
)
def test_what_keeps_to_the_limits_is_let_through(request_: Request) -> None:
    check_request(request_, Limits())


@pytest.mark.parametrize(
    ("request_", "limits", "named"),
    [
        (REGENERATE, Limits(image_side=31), "The picture is"),
        (REGENERATE, Limits(image_pixels=511), "The picture has 512 pixels"),
        (UPSCALE, Limits(image_side=63), "The enlarged picture is"),
        (UPSCALE, Limits(image_pixels=2047), "The enlarged picture has 2048 pixels"),
        (REGENERATE, Limits(prompt_chars=10), "The prompt is 11"),
        (replace(REGENERATE, negative="x" * 12), Limits(prompt_chars=11), "The negative prompt"),
        (replace(RESIZED, target=Size(64, 900)), Limits(image_side=899), "The result is"),
        (
            replace(GUIDED, prompt="", regions=(Region("x" * 12, MASK),)),
            Limits(prompt_chars=11),
            "The prompt of a region",
        ),
        (REFINE, Limits(prompt_chars=7), "The prompt is 8"),
        (REGENERATE, Limits(blobs_per_job=1), "The request names 2 pictures"),
        (REMOVE, Limits(image_side=31), "The picture is"),
    ],
)
def test_what_is_above_a_limit_is_refused_by_name(
    request_: Request, limits: Limits, named: str
) -> None:
    with pytest.raises(RequestError, match=named) as caught:
        check_request(request_, limits)
    assert caught.value.code is ErrorCode.TOO_LARGE
    assert "at most" in caught.value.hint


def test_exactly_the_limit_is_let_through() -> None:
    limits = Limits(image_side=64, image_pixels=2048, prompt_chars=11)
    check_request(UPSCALE, limits)
    check_request(REGENERATE, limits)
