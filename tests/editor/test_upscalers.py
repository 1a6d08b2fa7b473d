"""Which upscaler is taken when none is named."""

from __future__ import annotations

import dataclasses

import pytest

from scumble_protocol.editor.upscalers import proposed
from scumble_protocol.messages import ModelKind
from tests.client.passing_server import MODELS

LANCZOS = dataclasses.replace(MODELS[1], scale=1)
STARTER = dataclasses.replace(LANCZOS, id="starter", kind=ModelKind.DIFFUSION, scale=8)
TWICE = dataclasses.replace(LANCZOS, id="starter-2x", scale=2)
FOURFOLD = dataclasses.replace(LANCZOS, id="starter-4x", scale=4)
OTHER = dataclasses.replace(LANCZOS, id="other-4x.pth", scale=4)
ALL = (STARTER, TWICE, FOURFOLD, OTHER, LANCZOS)


@pytest.mark.parametrize(
    ("scale", "model"),
    [(1.5, "starter-2x"), (2, "starter-2x"), (2.5, "starter-4x"), (4, "starter-4x")],
)
def test_the_first_listed_that_reaches_the_factor_is_taken(scale: float, model: str) -> None:
    assert proposed(ALL, scale) == model


def test_beyond_every_factor_the_one_that_goes_farthest_is_taken() -> None:
    assert proposed(ALL, 6) == "starter-4x"


def test_a_server_that_has_only_lanczos_gets_its_way() -> None:
    assert proposed((STARTER, LANCZOS), 3) == "lanczos"


def test_without_upscalers_none_is_named() -> None:
    assert proposed((STARTER,), 2) == ""
