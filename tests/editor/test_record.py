"""What a layer remembers of its making."""

from __future__ import annotations

import dataclasses
import json

import pytest

from scumble_protocol.editor.canvas import Source
from scumble_protocol.editor.guides import ControlLayer, RegionLayer
from scumble_protocol.editor.record import (
    is_variation,
    request_json,
    settings_of,
    settings_of_layer,
    with_guides,
)
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import ControlKind
from scumble_protocol.messages import ResultLayer
from scumble_protocol.requests import LoadModel
from tests.client.requests_to_send import IMAGE, finished, regenerate

REQUEST = dataclasses.replace(regenerate(), prompt="a {red|blue} cat", seed=5, count=3)
ASKED = Settings(
    padding=77,
    area=Area.WHOLE,
    source=Source.ACTIVE_LAYER,
    controls=(ControlLayer(ControlKind.CANNY, "edges", weight=0.5),),
    regions=(RegionLayer("sky", "a blue sky"),),
)


def layer(title: str = "") -> ResultLayer:
    made = finished("job", IMAGE).layers[0]
    return dataclasses.replace(made, seed=6, prompt="a blue cat", negative="dogs", title=title)


def test_a_record_holds_the_complete_request() -> None:
    record = json.loads(request_json(regenerate()))
    assert record["kind"] == "regenerate"
    assert record["context"] == {"x": 0, "y": 0, "width": 4, "height": 4}
    assert record["image"]["format"] == "rgba8"
    assert (record["sampler"], record["schedule"]) == ("dpmpp_2m", "karras")


def test_a_record_says_which_settings_to_run_again() -> None:
    settings = settings_of(request_json(regenerate()))
    assert settings == Settings(model="starter", prompt="a cat", seed=1)


def test_a_record_tells_what_came_beside_what_was_asked() -> None:
    record = json.loads(request_json(REQUEST, layer(), ("Half the size.",), ASKED))
    assert (record["seed"], record["made"]["seed"]) == (5, 6)
    assert record["made"]["prompt"] == "a blue cat"
    assert record["notes"] == ["Half the size."]
    assert record["asked"]["padding"] == 77


def test_a_layers_record_makes_this_layer_alone_again() -> None:
    settings = settings_of_layer(request_json(REQUEST, layer(), asked=ASKED))
    assert (settings.seed, settings.count) == (6, 1)
    assert (settings.prompt, settings.negative) == ("a blue cat", "dogs")
    assert (settings.padding, settings.area) == (77, Area.WHOLE)
    assert settings.source is Source.ACTIVE_LAYER


def test_a_groups_settings_keep_the_choices_open() -> None:
    settings = settings_of(request_json(REQUEST, layer()))
    assert (settings.prompt, settings.seed, settings.count) == ("a {red|blue} cat", 5, 3)


def test_guides_are_had_from_a_record_only_when_asked_for() -> None:
    record = request_json(REQUEST, layer(), asked=ASKED)
    settings = settings_of_layer(record)
    assert (settings.controls, settings.regions) == ((), ())
    guided = with_guides(settings, record)
    assert (guided.controls, guided.regions) == (ASKED.controls, ASKED.regions)
    assert dataclasses.replace(guided, controls=(), regions=()) == settings


def test_a_picture_that_came_along_is_no_variation() -> None:
    record = request_json(REQUEST, layer(title="Canny"))
    assert not is_variation(record)
    assert settings_of_layer(record).seed == 5
    assert not is_variation(request_json(REQUEST))
    assert is_variation(request_json(REQUEST, layer()))


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", request_json(LoadModel("starter"))])
def test_what_is_no_record_of_a_regeneration_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="does not say how") as caught:
        settings_of(text)
    assert caught.value.code is ErrorCode.INVALID_VALUE
