"""Each family, tiny, through a real server: img2img, a soft mask, cancel, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.choices import Sampler
from scumble_protocol.client import Connected, Result
from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import Ability, Cancelled, Failed, ModelInfo, Preview, Progress
from scumble_protocol.requests import Regenerate
from scumble_server.families.known import FAMILIES
from tests.end_to_end.server_process import Painter, painter, regenerate, running_server
from tests.server.families.tiny import NAMES, NATIVE_SIDE, make_family

EDITS = tuple(name for name in NAMES if "edit" in name or "kontext" in name or "flux2" in name)
SOFT = 128
"""A mask value: half the strength."""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    for name in NAMES:
        make_family(folder / "models" / name, name)
    return folder


@pytest.fixture(scope="module")
def here(state: Path) -> Iterator[Painter]:
    with running_server(state, "--device", "cpu"), painter(state) as connected:
        yield connected


@pytest.fixture(scope="module")
def models(here: Painter) -> dict[str, ModelInfo]:
    connected = next(event for event in here.heard if isinstance(event, Connected))
    return {model.id: model for model in connected.welcome.models}


Order = tuple[Regenerate, dict[str, bytes]]


def order(model: ModelInfo, **changes: Any) -> Order:
    """A request with what the model recommends."""
    recommended = {
        "prompt": "make the apple green",
        "sampler": model.sampler,
        "schedule": model.schedule,
        "steps": model.steps,
        "cfg": model.cfg,
        "match_color": False,
    }
    return regenerate(model.id, NATIVE_SIDE, **(recommended | changes))


def with_grey(order: Order) -> Order:
    """The same with the right half of the selection at half the strength."""
    request, blobs = order
    mask = np.frombuffer(blobs[request.mask.blob], np.uint8).reshape(NATIVE_SIDE, NATIVE_SIDE)
    half = mask[:, NATIVE_SIDE // 2 :]
    soft = np.concatenate([mask[:, : NATIVE_SIDE // 2], np.where(half > 0, SOFT, 0)], axis=1)
    data = soft.astype(np.uint8).tobytes()
    grey = replace(request.mask, blob=blob_id(data))
    return replace(request, mask=grey), blobs | {grey.blob: data}


def pictures(result: Result) -> list[bytes]:
    return [result.blobs[layer.image.blob] for layer in result.finished.layers]


def test_every_known_family_has_a_tiny_model() -> None:
    assert {family.id for family in FAMILIES} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_changed_and_the_same_request_gives_the_same_pixels(
    here: Painter, models: dict[str, ModelInfo], name: str
) -> None:
    request, blobs = order(models[name], strength=0.6)
    first = here.result(here.submit(request, blobs))
    again = here.result(here.submit(request, blobs))
    (changed,) = pictures(first)
    assert pictures(again) == [changed]
    assert changed not in blobs.values()


@pytest.mark.parametrize("name", NAMES)
def test_a_soft_mask_makes_several_variations_with_previews(
    here: Painter, models: dict[str, ModelInfo], name: str
) -> None:
    request, blobs = with_grey(order(models[name], strength=1.0, count=2, batch=2))
    job = here.submit(request, blobs)
    result = here.result(job)
    first, second = pictures(result)
    assert first != second
    assert any(isinstance(event, Preview) and event.job == job for event in here.heard)
    assert {layer.passes[0].steps for layer in result.finished.layers} == {request.steps}


@pytest.mark.parametrize("name", NAMES)
def test_a_running_job_is_cancelled_between_two_steps(
    here: Painter, models: dict[str, ModelInfo], name: str
) -> None:
    request, blobs = order(models[name], strength=1.0)
    job = here.submit(replace(request, steps=200), blobs)
    here.sampling(job)
    here.client.cancel(job)
    assert isinstance(here.end_of(job), Cancelled)
    told = [event for event in here.heard if isinstance(event, Progress) and event.job == job]
    assert max(event.step for event in told) < 200


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_model_without_an_instruction_is_refused(
    here: Painter, models: dict[str, ModelInfo], name: str
) -> None:
    assert Ability.EDIT.value in models[name].abilities
    end = here.end_of(here.submit(*order(models[name], prompt="  ")))
    assert isinstance(end, Failed)
    assert end.code is ErrorCode.INVALID_VALUE
    assert "instruction" in end.message


def test_what_a_family_has_not_is_refused_and_what_it_does_not_read_is_said(
    here: Painter, models: dict[str, ModelInfo]
) -> None:
    flux = models["flux1"]
    end = here.end_of(here.submit(*order(flux, clip_skip=2)))
    assert isinstance(end, Failed)
    assert end.message == "A FLUX.1 model can't be used with CLIP skip."
    end = here.end_of(here.submit(*order(flux, sampler=Sampler.DPMPP_2M)))
    assert isinstance(end, Failed)
    assert "flow_euler" in end.hint
    result = here.result(here.submit(*order(flux, prompt="a (red:1.3) cup", negative="blurry")))
    assert len(result.finished.notes) == 2


def test_the_end_of_a_prompt_that_is_not_read_is_said(
    here: Painter, models: dict[str, ModelInfo]
) -> None:
    result = here.result(here.submit(*order(models["sd3"], prompt="apple " * 100)))
    assert any("its end was not read" in note for note in result.finished.notes)
