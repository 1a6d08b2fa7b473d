"""A variation says what makes it alone again."""

from __future__ import annotations

import dataclasses

from scumble_protocol.editor.gallery import Variation
from scumble_protocol.editor.recall import recall
from scumble_protocol.editor.record import request_json
from tests.client.requests_to_send import IMAGE, finished, regenerate

REQUEST = dataclasses.replace(regenerate(), seed=40, count=3, prompt="a cat")


def variation(name: str, record: str = request_json(REQUEST)) -> Variation:
    return Variation("group", "layer", name, is_visible=True, request_json=record)


def seed_of(name: str) -> int | None:
    settings = recall(variation(name))
    assert settings is not None
    assert settings.count == 1
    return settings.seed


def test_a_layer_names_its_seed() -> None:
    assert seed_of("Seed 42") == 42
    assert seed_of("7 fine lines, seed 41 #2") == 41


def test_a_renamed_layer_stands_for_the_first_of_its_group() -> None:
    assert seed_of("sky") == 40
    assert seed_of("Seed 43") == 40, "the group has no such seed"


def test_the_other_settings_are_those_of_the_group() -> None:
    settings = recall(variation("Seed 42"))
    assert settings is not None
    assert settings.prompt == "a cat"


def test_a_record_that_names_its_variation_is_believed_before_the_layers_name() -> None:
    made = dataclasses.replace(finished("job", IMAGE).layers[0], seed=41, prompt="a grey cat")
    settings = recall(variation("Seed 42", request_json(REQUEST, made)))
    assert settings is not None
    assert (settings.seed, settings.count, settings.prompt) == (41, 1, "a grey cat")


def test_without_a_record_nothing_is_known() -> None:
    assert recall(variation("Seed 42", "")) is None
