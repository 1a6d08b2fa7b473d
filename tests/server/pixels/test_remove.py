from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import skimage.data

from scumble_protocol.choices import MaskedContent
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Phase
from scumble_protocol.requests import Remove
from scumble_server.pixels.compose import Layer
from scumble_server.pixels.opencv import Mask, Picture
from scumble_server.pixels.prepare import prepare
from scumble_server.run import run
from scumble_server.work.means import Shelf
from scumble_server.work.report import Cancelled, ProgressReport, Report, Reporter, silent
from tests.server.photos import opaque
from tests.server.pixels.pictures import Pictures
from tests.server.pixels.requests import SMALL, ellipse, request_for

CONTEXT = Rect(10, 20, 240, 200)
_data: Any = skimage.data


class NoShelf:
    """Removing needs no model."""

    def __getattr__(self, _name: str) -> Any:
        raise AssertionError("a model was asked for")


def gravel(depth: type[np.uint8 | np.uint16] = np.uint8) -> Picture:
    gray = np.asarray(_data.gravel(), np.uint8)[100:300, 100:340]
    return opaque(np.dstack([gray] * 3), depth)


def removed(
    picture: Picture,
    selection: Mask,
    *,
    grow: int = 0,
    feather: int = 0,
    seed: int = 1,
    report: Reporter = silent,
) -> Layer:
    pictures = Pictures()
    image, mask = pictures.keep(picture), pictures.keep(selection)
    request = Remove(grow, feather, Size(260, 240), CONTEXT, image, mask, seed)
    (made,) = run(request, pictures.blobs.__getitem__, cast("Shelf", NoShelf()), report).made
    assert made.seed == seed
    return made.layer


def shown(picture: Picture, layer: Layer) -> Picture:
    """The context with the layer over it, where layers are shown fully."""
    whole: Picture = picture.copy()
    x, y = layer.rect.x - CONTEXT.x, layer.rect.y - CONTEXT.y
    part = whole[y : y + layer.rect.height, x : x + layer.rect.width]
    part[layer.mask > 0] = layer.pixels[layer.mask > 0]
    return whole


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize(("grow", "feather"), [(0, 0), (4, 8)])
def test_a_thing_on_gravel_leaves_gravel(
    depth: type[np.uint8 | np.uint16], grow: int, feather: int
) -> None:
    picture, selection = gravel(depth), ellipse(CONTEXT.size, 0.3)
    with_thing = picture.copy()
    with_thing[selection > 0, :3] = (np.iinfo(depth).max, 0, 0)
    layer = removed(with_thing, selection, grow=grow, feather=feather)
    assert layer.pixels.dtype == depth
    after = shown(with_thing, layer).astype(np.float64) / np.iinfo(depth).max
    # Gravel is grey; nothing red is left.
    assert np.ptp(after[..., :3], axis=2).max() < 0.02
    inside, around = after[selection > 0, 0], after[selection == 0, 0]
    assert abs(inside.std() - around.std()) < 0.4 * around.std()
    assert (layer.pixels[..., 3] == np.iinfo(depth).max).all()


def test_nothing_outside_the_mask_changes() -> None:
    picture, selection = gravel(np.uint16), ellipse(CONTEXT.size, 0.3)
    layer = removed(picture, selection, grow=3, feather=5)
    x, y = layer.rect.x - CONTEXT.x, layer.rect.y - CONTEXT.y
    sent = picture[y : y + layer.rect.height, x : x + layer.rect.width]
    np.testing.assert_array_equal(layer.pixels[layer.mask == 0], sent[layer.mask == 0])
    assert (layer.mask[selection[y:, x:][: layer.rect.height, : layer.rect.width] > 0] > 0).all()


def test_the_same_seed_removes_alike_and_another_one_otherwise() -> None:
    picture, selection = gravel(), ellipse(CONTEXT.size, 0.4)
    first, again, other = (removed(picture, selection, seed=seed).pixels for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_thing_on_nothing_leaves_nothing() -> None:
    picture, selection = gravel(), ellipse(CONTEXT.size, 0.4)
    # What lies around is transparent, in a colour that nobody sees.
    picture[selection == 0] = (0, 255, 0, 0)
    layer = removed(picture, selection)
    assert (shown(picture, layer)[..., 3] == 0).all()


def test_half_transparent_surroundings_go_on_in_their_colour() -> None:
    picture, selection = gravel(), ellipse(CONTEXT.size, 0.4)
    picture[...] = (200, 100, 50, 128)
    picture[:20] = (0, 255, 0, 0)
    picture[selection > 0] = 255
    after = shown(picture, removed(picture, selection))
    inside = after[selection > 0].astype(int)
    assert np.abs(inside[:, 3] - 128).max() <= 1
    assert np.abs(inside[:, :3] - (200, 100, 50)).max() <= 2


def test_everything_can_not_be_removed() -> None:
    with pytest.raises(RequestError, match="Everything is selected") as refused:
        removed(gravel(), np.full((200, 240), 1, np.uint8))
    assert refused.value.code is ErrorCode.INVALID_VALUE


def test_nothing_can_not_be_removed() -> None:
    with pytest.raises(RequestError) as refused:
        removed(gravel(), np.zeros((200, 240), np.uint8))
    assert refused.value.code is ErrorCode.EMPTY_SELECTION


def test_removing_tells_how_far_it_is_and_can_be_cancelled() -> None:
    told: list[Report] = []
    selection = ellipse(CONTEXT.size, 0.3)
    removed(gravel(), selection, report=told.append)
    steps = [one for one in told if isinstance(one, ProgressReport)]
    assert {one.phase for one in steps} == {Phase.SAMPLING}
    assert steps[-1].step == steps[-1].of

    def cancel(report: Report) -> None:
        if isinstance(report, ProgressReport) and report.step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        removed(gravel(), selection, report=cancel)


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_a_model_finds_the_thing_removed_if_asked(strength: float) -> None:
    picture, selection = gravel(), ellipse(CONTEXT.size, 0.3)
    layer = removed(picture, selection, feather=4)
    asked = replace(
        request_for(CONTEXT, strength=strength, feather=4, content=MaskedContent.REMOVE), seed=1
    )
    crop = prepare(asked, picture, selection, SMALL)
    np.testing.assert_array_equal(crop.original, shown(picture, layer))
    width, height = crop.content.width, crop.content.height
    if (width, height) == (CONTEXT.width, CONTEXT.height):
        np.testing.assert_allclose(
            crop.image[:height, :width], crop.original[..., :3] / 255, atol=1e-6
        )
    # Blur would be calm; what the model starts from is as lively as gravel.
    assert crop.image[:height, :width].std() > 0.7 * (picture[..., :3] / 255).std()


def test_a_model_finds_grey_where_everything_is_to_be_removed() -> None:
    asked = request_for(CONTEXT, content=MaskedContent.REMOVE)
    crop = prepare(asked, gravel(), np.full((200, 240), 255, np.uint8), SMALL)
    np.testing.assert_allclose(crop.image, 0.5, atol=0.01)
