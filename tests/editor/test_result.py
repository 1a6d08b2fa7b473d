"""From a finished job to layers."""

from __future__ import annotations

import dataclasses
import json

import pytest

from scumble_protocol.client import Result
from scumble_protocol.editor.record import settings_of
from scumble_protocol.editor.result import result_group
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ProtocolError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Finished
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate, Remove, Upscale
from tests.client.requests_to_send import IMAGE, MASK, blobs_of, finished, ref_of, regenerate


def result_of(done: Finished) -> Result:
    return Result(done.job, done, blobs_of(IMAGE, MASK))


def named(prompt: str) -> str:
    done = finished("job", IMAGE)
    assert isinstance(done.request, Regenerate)
    request = dataclasses.replace(done.request, prompt=prompt)
    return result_group(result_of(dataclasses.replace(done, request=request))).name


def test_every_variation_is_a_layer_and_the_first_is_visible() -> None:
    done = finished("job", IMAGE)
    layers = tuple(dataclasses.replace(done.layers[0], seed=seed) for seed in (1, 2, 3))
    group = result_group(result_of(dataclasses.replace(done, layers=layers)))
    assert [layer.name for layer in group.layers] == ["Seed 1", "Seed 2", "Seed 3"]
    assert [layer.visible for layer in group.layers] == [True, False, False]
    first = group.layers[0]
    assert (first.pixels.data, first.mask.data) == (IMAGE, MASK)
    assert first.rect == Rect(0, 0, 4, 4)


def test_every_layer_carries_the_request_that_made_it() -> None:
    (layer,) = result_group(result_of(finished("job", IMAGE))).layers
    assert settings_of(layer.request_json).prompt == "a cat"


def test_a_group_is_named_after_its_prompt() -> None:
    assert named("a cat") == "Scumble: a cat"
    assert named("a cat\n on  a mat") == "Scumble: a cat on a mat"
    assert named("  ") == "Scumble"


def test_a_long_prompt_is_cut_short() -> None:
    assert named("a" * 71) == "Scumble: " + "a" * 71
    assert named("a" * 72) == "Scumble: " + "a" * 70 + "…"


def test_an_enlarged_layer_is_named_after_what_enlarged_it() -> None:
    done = finished("job", IMAGE)
    request = Upscale(
        "lanczos", 2.0, Size(2, 2), Rect(0, 0, 2, 2), ref_of(IMAGE, PixelFormat.RGBA8, 2)
    )
    group = result_group(result_of(dataclasses.replace(done, request=request)))
    assert group.name == "Scumble: upscale"
    assert group.layers[0].name == "lanczos 2x"


def test_what_came_along_is_named_after_what_it_is() -> None:
    done = finished("job", IMAGE)
    layers = (done.layers[0], dataclasses.replace(done.layers[0], title="Canny"))
    group = result_group(result_of(dataclasses.replace(done, layers=layers)))
    assert [layer.name for layer in group.layers] == ["Seed 1", "Canny"]


def test_a_removal_is_named_so() -> None:
    done = finished("job", IMAGE)
    request = regenerate()
    removal = Remove(4, 8, request.canvas, request.context, request.image, request.mask)
    group = result_group(result_of(dataclasses.replace(done, request=removal)))
    assert (group.name, group.layers[0].name) == ("Scumble: remove", "Removed")


def test_every_layer_says_what_came_and_what_was_set() -> None:
    done = dataclasses.replace(finished("job", IMAGE), notes=("Half the size.",))
    (layer,) = result_group(result_of(done), Settings(padding=70)).layers
    record = json.loads(layer.request_json)
    assert (record["made"]["seed"], record["notes"]) == (1, ["Half the size."])
    assert settings_of(layer.request_json).padding == 70


def test_pixels_that_do_not_fit_are_against_the_protocol() -> None:
    done = finished("job", IMAGE)
    short = Result("job", done, {**blobs_of(MASK), ref_of(IMAGE, PixelFormat.RGBA8).blob: b"x"})
    with pytest.raises(ProtocolError):
        result_group(short)
