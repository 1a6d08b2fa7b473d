"""From a request with guides to layers, the whole way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from scumble_protocol.blobs import blob_id
from scumble_protocol.choices import ResizeMode
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import Control, ControlKind, Reference, ReferenceKind, Region
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from scumble_server.control import edges
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.pixels.opencv import Samples
from scumble_server.prompts.library import Library
from scumble_server.run import run
from scumble_server.work.made import Made
from scumble_server.work.report import silent
from tests.server.control.conftest import Get
from tests.server.photos import opaque, photo
from tests.server.sampling.jobs import make_request

CONTEXT = Rect(10, 20, 100, 60)
BLOBS: dict[str, bytes] = {}


def keep(samples: Samples) -> ImageRef:
    data = np.ascontiguousarray(samples).tobytes()
    BLOBS[blob_id(data)] = data
    kinds = {2: PixelFormat.GRAY8, 3: PixelFormat.RGBA8}
    kind = PixelFormat.RGBA16 if samples.dtype == np.uint16 else kinds[samples.ndim]
    return ImageRef(blob_id(data), Size(samples.shape[1], samples.shape[0]), kind)


def picture(depth: Any = np.uint8) -> Samples:
    return opaque(photo()[100:160, 150:250], depth)


def request_with(depth: Any = np.uint8, **changes: object) -> Regenerate:
    values: dict[str, object] = {
        "model": "sd1",
        "steps": 3,
        "canvas": Size(200, 100),
        "context": CONTEXT,
        "image": keep(picture(depth)),
        "mask": keep(np.full((60, 100), 255, np.uint8)),
    }
    return make_request(**(values | changes))


def control(kind: ControlKind = ControlKind.CANNY, **changes: object) -> Control:
    return replace(Control(kind, keep(picture())), **changes)  # type: ignore[arg-type]  # in Control


def done(request: Regenerate, shelf: Shelf) -> tuple[Made, ...]:
    return run(request, BLOBS.__getitem__, shelf, silent).made


def differs(one: Made, other: Made) -> bool:
    return not np.array_equal(one.layer.pixels, other.layer.pixels)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_the_control_picture_comes_back_as_a_layer(shelf: Shelf, depth: Any) -> None:
    request = request_with(
        depth, controls=(control(show=True), control(ControlKind.SOFT_EDGE, model="sd1-depth"))
    )
    made, shown = done(request, shelf)
    assert shown.title == "Canny"
    assert made.title == ""
    assert shown.layer.rect == CONTEXT
    assert (shown.layer.mask == 255).all()
    assert shown.layer.pixels.dtype == depth
    assert (shown.layer.pixels[..., 3] == np.iinfo(depth).max).all()
    lines = shown.layer.pixels[..., 0] > np.iinfo(depth).max // 2
    there = edges.canny((picture()[..., :3] / 255).astype(np.float32)) > 0
    near = cv2.dilate(there.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert float(near[lines].mean()) > 0.8


def test_a_picture_that_is_a_control_picture_already_is_taken_as_it_is(shelf: Shelf) -> None:
    ready = control(image=keep(picture()), preprocess=False, show=True)
    _, shown = done(request_with(controls=(ready,)), shelf)
    error = np.abs(shown.layer.pixels[..., :3].astype(int) - picture()[..., :3])
    assert float(error.mean()) < 8, "it was only scaled there and back"


def test_what_is_transparent_in_a_control_picture_is_its_ground(shelf: Shelf) -> None:
    drawn = np.zeros((60, 100, 4), np.uint8)
    drawn[20:40, 30:70] = 255
    ready = control(image=keep(drawn), preprocess=False, show=True)
    _, shown = done(request_with(controls=(ready,)), shelf)
    assert (shown.layer.pixels[:8, :8, :3] == 0).all()
    assert (shown.layer.pixels[28:32, 48:52, :3] == 255).all()


@pytest.mark.parametrize("kind", list(ControlKind))
def test_every_kind_runs_with_a_union_network(kind: ControlKind, shelf: Shelf) -> None:
    request = request_with(model="sdxl", controls=(control(kind, model="sdxl-union", weight=2.0),))
    (made,) = done(request, shelf)
    (plain,) = done(replace(request, controls=()), shelf)
    assert differs(made, plain)


def test_references_and_regions_change_the_result(shelf: Shelf) -> None:
    left = np.zeros((60, 100), np.uint8)
    left[:, :50] = 255
    plain, *others = (
        done(request, shelf)[0]
        for request in (
            request_with(),
            request_with(regions=(Region("a blue car", keep(left)),)),
            request_with(references=(Reference(ReferenceKind.ALL, keep(picture())),)),
            request_with(vae="other"),
            request_with(),
        )
    )
    assert [differs(plain, other) for other in others] == [True, True, True, False]


def test_guides_follow_the_picture_to_another_size(shelf: Shelf) -> None:
    whole = Rect(0, 0, 100, 60)
    request = request_with(
        canvas=whole.size,
        context=whole,
        target=Size(60, 60),
        resize=ResizeMode.CROP,
        controls=(control(ControlKind.TILE, model="sd1-canny", show=True),),
    )
    _, shown = done(request, shelf)
    assert shown.layer.rect == Rect(0, 0, 60, 60)
    error = np.abs(shown.layer.pixels[..., :3].astype(int) - picture()[:, 20:80, :3])
    assert float(error.mean()) < 8


def test_what_does_not_fit_is_refused_before_the_model_is_loaded(folder: Path, model: Get) -> None:
    del model
    shelf = Shelf(Catalog([folder], folder / "none"), torch.device("cpu"))
    for changes in (
        {"controls": (control(model="sdxl-canny"),)},
        {"controls": (control(model="nothing"),)},
        {"vae": "nothing"},
        {"references": (Reference(ReferenceKind.FACE, keep(picture())),)},
    ):
        with pytest.raises(RequestError) as caught:
            done(request_with(**changes), shelf)
        assert caught.value.code in {ErrorCode.UNSUPPORTED_MODEL, ErrorCode.UNKNOWN_MODEL}
        assert caught.value.hint
    assert shelf.loaded == ()


def test_a_lora_for_another_family_is_refused_before_the_model_is_loaded(
    folder: Path, tmp_path: Path
) -> None:
    stem = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    factors = {"down": torch.zeros(4, 2048), "up": torch.zeros(640, 4)}
    save_file(
        {f"{stem}.lora_{name}.weight": factor for name, factor in factors.items()},
        tmp_path / "ink.safetensors",
    )
    shelf = Shelf(Catalog([folder], folder / "none"), torch.device("cpu"))
    request = request_with(prompt="a fox <lora:ink>")
    with pytest.raises(RequestError, match="made for SDXL"):
        run(request, BLOBS.__getitem__, shelf, silent, Library(loras=tmp_path))
    assert shelf.loaded == ()


def test_the_same_request_makes_the_same_pixels(shelf: Shelf) -> None:
    request = request_with(
        controls=(control(),), references=(Reference(ReferenceKind.ALL, keep(picture())),)
    )
    first, second = done(request, shelf)[0], done(request, shelf)[0]
    assert not differs(first, second)


def test_additions_are_put_away_before_the_model_that_is_in_use(folder: Path, shelf: Shelf) -> None:
    own = shelf.get("sd1", silent).bytes
    small = Shelf(Catalog([folder], folder / "none"), torch.device("cpu"), own + 1)
    done(request_with(controls=(control(),)), small)
    assert "sd1" in small.loaded
    assert "controlnet/sd1-canny" in small.loaded
    done(request_with(controls=(control(ControlKind.DEPTH, preprocess=False),)), small)
    assert set(small.loaded) == {"sd1", "controlnet/sd1-depth"}
