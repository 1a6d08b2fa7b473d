"""What a painter can set."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.checks import MAX_SEED
from scumble_protocol.choices import MaskedContent, ResizeMode, Sampler, Schedule
from scumble_protocol.editor.guides import ControlLayer, ReferenceLayer, RegionLayer
from scumble_protocol.editor.settings import NO_BLOB, Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import ControlKind, ReferenceKind
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from tests.client.passing_server import MODELS

ANY_SETTINGS = st.builds(
    Settings,
    model=st.text(),
    prompt=st.text(),
    negative=st.text(),
    strength=st.floats(0.01, 1),  # at 0 there are no further passes
    sampler=st.sampled_from(Sampler),
    steps=st.integers(1, 200),
    cfg=st.floats(1, 30),
    seed=st.none() | st.integers(0, MAX_SEED),
    count=st.integers(1, 16),
    grow=st.integers(0, 1024),
    feather=st.integers(0, 1024),
    padding=st.integers(0, 4096),
    match_color=st.booleans(),
    schedule=st.sampled_from(Schedule),
    content=st.sampled_from(MaskedContent),
    full_steps=st.booleans(),
    passes=st.lists(st.floats(0.01, 1), max_size=4).map(tuple),
    batch=st.integers(1, 16),
    clip_skip=st.integers(1, 12),
    cfg_rescale=st.floats(0, 1),
    invert=st.booleans(),
    hires=st.floats(0, 1),
    resize=st.sampled_from(ResizeMode),
    only_faces=st.booleans(),
    vae=st.text(),
)
GUIDED = Settings(
    target=Size(3, 4),
    controls=(ControlLayer(ControlKind.DEPTH, "layer", False, "model", 0.5, 0.25, 0.75, True),),
    references=(ReferenceLayer(ReferenceKind.FACE, "layer", "model", 0.5, 0.25, 0.75),),
    regions=(RegionLayer("layer", "a dog"),),
)


def request_of(settings: Settings, new_seed: int = 7) -> Regenerate:
    image = ImageRef(NO_BLOB, Size(3, 2), PixelFormat.RGBA16)
    mask = dataclasses.replace(image, format=PixelFormat.GRAY8)
    return settings.request(
        new_seed, canvas=Size(9, 9), context=Rect(1, 2, 3, 2), image=image, mask=mask
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"strength": 2.0},
        {"strength": math.nan},
        {"steps": 0},
        {"cfg": 0.5},
        {"seed": -1},
        {"count": 17},
        {"grow": -1},
        {"feather": 1025},
        {"padding": -1},
        {"passes": (0.0,)},
        {"batch": 17},
        {"clip_skip": 0},
        {"cfg_rescale": 1.5},
        {"hires": -0.5},
        {"controls": (ControlLayer(ControlKind.CANNY, weight=3),)},
        {"references": (ReferenceLayer(ReferenceKind.ALL, start=2),)},
        {"regions": (RegionLayer("", ""),) * 9},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="is") as caught:
        Settings(**wrong)
    assert caught.value.code is ErrorCode.INVALID_VALUE
    assert caught.value.hint


@given(ANY_SETTINGS)
def test_settings_are_remembered_as_json(settings: Settings) -> None:
    assert Settings.from_json(settings.to_json()) == settings


@given(ANY_SETTINGS)
def test_a_request_says_which_settings_made_it(settings: Settings) -> None:
    made = Settings.of(request_of(settings))
    seed = 7 if settings.seed is None else settings.seed
    assert made == dataclasses.replace(settings, seed=seed, padding=Settings().padding)


def test_guides_are_remembered_by_their_layers() -> None:
    assert Settings.from_json(GUIDED.to_json()) == GUIDED


@pytest.mark.parametrize(
    "text",
    [
        '{"passes": 0.5}',
        '{"controls": ["canny"]}',
        '{"controls": [{"layer": "x"}]}',
        '{"regions": {}}',
        '{"target": 5}',
    ],
)
def test_settings_of_another_shape_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="can't be read"):
        Settings.from_json(text)


def test_settings_of_another_version_are_read_as_far_as_they_are_known() -> None:
    text = json.dumps({"prompt": "a cat", "cfg": 3, "from_the_future": [1]})
    assert Settings.from_json(text) == Settings(prompt="a cat", cfg=3.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        '{"steps": "3"}',
        '{"steps": true}',
        '{"steps": 2.5}',
        '{"strength": 2}',
        '{"strength": NaN}',
        '{"match_color": 1}',
        '{"sampler": "brush"}',
        '{"sampler": []}',
        '{"seed": "x"}',
        '{"prompt": null}',
    ],
)
def test_settings_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        Settings.from_json(text)
    assert caught.value.code is ErrorCode.INVALID_VALUE


def test_a_model_brings_what_it_recommends() -> None:
    starter = MODELS[0]
    settings = Settings(prompt="a cat").for_model(starter)
    assert settings == Settings(
        model="starter",
        prompt="a cat",
        sampler=Sampler.DDIM,
        schedule=Schedule.AUTOMATIC,
        steps=10,
        cfg=3.0,
    )
