"""What a layer remembers of its making."""

from __future__ import annotations

import json

import pytest

from scumble_protocol.editor.record import request_json, settings_of
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.requests import LoadModel
from tests.client.requests_to_send import regenerate


def test_a_record_holds_the_complete_request() -> None:
    record = json.loads(request_json(regenerate()))
    assert record["kind"] == "regenerate"
    assert record["context"] == {"x": 0, "y": 0, "width": 4, "height": 4}
    assert record["image"]["format"] == "rgba8"
    assert record["sampler"] == "dpmpp_2m_karras"


def test_a_record_says_which_settings_to_run_again() -> None:
    settings = settings_of(request_json(regenerate()))
    assert settings == Settings(model="starter", prompt="a cat", seed=1)


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", request_json(LoadModel("starter"))])
def test_what_is_no_record_of_a_regeneration_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="does not say how") as caught:
        settings_of(text)
    assert caught.value.code is ErrorCode.INVALID_VALUE
