"""What of a picture is made anew: islands, edges, small selections, and the other way round."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.choices import Sampler
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.requests import Regenerate, ShowMask
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import STARTER, Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.pixels.compose import Layer
from scumble_server.pixels.opencv import Mask, Picture
from scumble_server.pixels.prepare import prepare
from scumble_server.run import run
from scumble_server.work import means
from scumble_server.work.made import Made
from scumble_server.work.report import silent
from tests.server.photos import opaque, photo
from tests.server.pixels.pictures import Pictures
from tests.server.pixels.requests import SMALL, ellipse, request_for

CANVAS = Size(300, 280)
CONTEXT = Rect(20, 10, 256, 256)


@pytest.fixture(scope="module")
def starter() -> Shelf:
    return Shelf(Catalog([], STARTER_FOLDER), torch.device("cpu"))


def view(context: Rect = CONTEXT) -> Picture:
    return opaque(photo()[: context.height, 150 : 150 + context.width])


def remade(
    starter: Shelf, selection: Mask, context: Rect = CONTEXT, **settings: Any
) -> tuple[Layer, Made]:
    """The one layer that the starter makes of a selection."""
    pictures = Pictures()
    request = replace(
        request_for(context, canvas=CANVAS, strength=0.9, feather=4),
        model=STARTER,
        prompt="a sunflower",
        sampler=Sampler.DDIM,
        steps=3,
        match_color=True,
        image=pictures.keep(view(context)),
        mask=pictures.keep(selection),
        **settings,
    )
    (made,) = run(request, pictures.blobs.__getitem__, starter, silent).made
    return made.layer, made


def sent(layer: Layer, context: Rect = CONTEXT) -> Picture:
    x, y = layer.rect.x - context.x, layer.rect.y - context.y
    return view(context)[y : y + layer.rect.height, x : x + layer.rect.width]


def assert_only_under_the_mask(layer: Layer, context: Rect = CONTEXT) -> None:
    hidden = layer.mask == 0
    np.testing.assert_array_equal(layer.pixels[hidden], sent(layer, context)[hidden])


def test_several_islands_are_made_in_one_layer_and_nothing_between_them_changes(
    starter: Shelf,
) -> None:
    selection = np.zeros((256, 256), np.uint8)
    selection[30:90, 20:80] = 255
    selection[150:230, 170:240] = 255
    layer, _ = remade(starter, selection)
    assert_only_under_the_mask(layer)
    x, y = layer.rect.x - CONTEXT.x, layer.rect.y - CONTEXT.y
    assert layer.rect.width > 200
    assert (layer.mask[100 - y : 140 - y] == 0).all()
    for island in (np.s_[30:90, 20:80], np.s_[150:230, 170:240]):
        rows, columns = island
        part = np.s_[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
        assert (layer.mask[part] == 255).all()
        assert (layer.pixels[part] != sent(layer)[part]).any(axis=2).mean() > 0.9


@pytest.mark.parametrize("corner", [np.s_[:70, :70], np.s_[-70:, -70:], np.s_[90:160, :50]])
def test_a_selection_at_the_edge_is_made_up_to_the_edge(
    starter: Shelf, corner: tuple[slice, slice]
) -> None:
    context = Rect(0, 0, 256, 256)
    selection = np.zeros((256, 256), np.uint8)
    selection[corner] = 255
    layer, _ = remade(starter, selection, context)
    assert Rect.of(CANVAS).contains(layer.rect)
    assert_only_under_the_mask(layer, context)
    whole = view(context)
    rect = layer.rect
    whole[rect.y : rect.bottom, rect.x : rect.right] = layer.pixels
    changed = (whole != view(context)).any(axis=2)
    assert changed[corner].mean() > 0.9
    rows, columns = corner
    border = changed[corner][:, 0 if columns.start in {None, 0} else -1]
    assert border.mean() > 0.8
    assert rows is not None


@pytest.mark.parametrize("side", [20, 64, 100])
def test_a_small_picture_is_worked_on_at_the_models_size(starter: Shelf, side: int) -> None:
    context = Rect(30, 40, side, side)
    layer, made = remade(starter, ellipse(context.size, 0.6), context)
    (ran,) = made.passes
    assert min(ran.working.width, ran.working.height) >= 256
    assert context.contains(layer.rect)
    assert_only_under_the_mask(layer, context)
    assert (layer.pixels != sent(layer, context)).any()


def test_what_is_not_selected_can_be_made_anew_instead(starter: Shelf) -> None:
    selection = np.zeros((256, 256), np.uint8)
    selection[60:200, 60:200] = 255
    # Soft to one side, which is to be turned round exactly.
    selection[60:200, 200:232] = np.linspace(250, 5, 32).astype(np.uint8)
    inverted, _ = remade(starter, selection, invert=True)
    turned, _ = remade(starter, 255 - selection)
    assert inverted.rect == turned.rect
    np.testing.assert_array_equal(inverted.mask, turned.mask)
    np.testing.assert_array_equal(inverted.pixels, turned.pixels)
    assert_only_under_the_mask(inverted)
    assert (inverted.mask[80:180, 80:180] == 0).all()


def test_turning_round_everything_leaves_nothing(starter: Shelf) -> None:
    with pytest.raises(RequestError) as refused:
        remade(starter, np.full((256, 256), 255, np.uint8), invert=True)
    assert refused.value.code is ErrorCode.EMPTY_SELECTION


SIDE = Rect(5, 7, 96, 80)


def shown_mask(request: Regenerate, selection: Mask) -> tuple[Layer, Mask]:
    """The layer that shows a request's mask, and that mask with the layer's in its place."""
    pictures = Pictures()
    asked = ShowMask(
        strength=request.strength,
        grow=request.grow,
        feather=request.feather,
        invert=request.invert,
        canvas=request.canvas,
        context=request.context,
        mask=pictures.keep(selection),
    )
    (made,) = run(asked, pictures.blobs.__getitem__, cast("means.Shelf", None), silent).made
    assert made.title
    layer = made.layer
    whole = np.zeros((request.context.height, request.context.width), np.uint8)
    x, y = layer.rect.x - request.context.x, layer.rect.y - request.context.y
    whole[y : y + layer.rect.height, x : x + layer.rect.width] = layer.mask
    return layer, whole


@given(
    strength=st.floats(0.05, 1),
    grow=st.integers(0, 12),
    feather=st.integers(0, 20),
    share=st.floats(0.1, 0.9),
    gray=st.integers(1, 255),
)
def test_the_mask_shown_is_the_denoise_mask_times_the_strength(
    strength: float, grow: int, feather: int, share: float, gray: int
) -> None:
    asked = request_for(SIDE, strength=strength, grow=grow, feather=feather)
    for request in (asked, replace(asked, invert=True)):
        selection = np.minimum(ellipse(SIDE.size, share), gray).astype(np.uint8)
        layer, whole = shown_mask(request, selection)
        meant = 255 - selection if request.invert else selection
        crop = prepare(request, view(SIDE), meant, SMALL)
        assert crop.content == SIDE.size
        denoise = crop.denoise[: SIDE.height, : SIDE.width]
        np.testing.assert_allclose(whole, denoise * 255 * strength, atol=0.51)
        assert (layer.pixels == (255, 0, 0, 255)).all()
