"""That no edge of a tile can be seen."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scumble_server.pixels.opencv import Picture
from scumble_server.sampling.field import cut_noise
from scumble_server.work.detail import on_grid
from tests.server.photos import opaque
from tests.server.tiles.jobs import Desk, refinement

SIDE = 512
TILE = 256
OVERLAP = 64


def pieces_of_noise(seed: int, draw: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two pieces of a field, the second one 20 to the right of the first and 7 below it."""
    one = cut_noise(seed, draw, 5, 9, torch.Size((1, 4, 40, 50)))
    return one, cut_noise(seed, draw, 25, 16, torch.Size((1, 4, 40, 50)))


def test_pieces_of_a_field_of_noise_are_the_same_where_they_overlap() -> None:
    one, other = pieces_of_noise(3, 0)
    assert torch.equal(one[:, :, 7:, 20:], other[:, :, :33, :30])


def test_a_field_of_noise_is_standard_normal_and_differs_by_seed_and_draw() -> None:
    field = cut_noise(3, 0, 0, 0, torch.Size((1, 4, 100, 100)))
    assert abs(float(field.mean())) < 0.02
    assert abs(float(field.std()) - 1) < 0.02
    for seed, draw in ((4, 0), (3, 1)):
        other = cut_noise(seed, draw, 0, 0, torch.Size((1, 4, 100, 100)))
        assert abs(float((field * other).mean())) < 0.03


def texture() -> Picture:
    """A picture that is alike everywhere, so that whatever shows at a border comes from it."""
    noise = np.random.default_rng(0).normal(size=(128, 128, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return opaque(np.clip(smooth / smooth.std() * 40 + 128, 0, 255).astype(np.uint8))


def steepness(picture: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much neighbouring columns differ, and neighbouring rows."""
    across = np.abs(np.diff(picture, axis=1)).mean((0, 2))
    return across, np.abs(np.diff(picture, axis=0)).mean((1, 2))


@pytest.mark.parametrize("strength", [0.3, 0.6])
def test_borders_of_tiles_are_no_steeper_than_the_rest(desk: Desk, strength: float) -> None:
    asked = refinement("starter", strength, tile=TILE, overlap=OVERLAP)
    request = desk.upscale(texture(), SIDE / 128, asked)
    refined = desk.run(request).layers[0].pixels[..., :3].astype(float)
    spans = on_grid(SIDE, TILE, OVERLAP, 8)
    shared = np.zeros(SIDE - 1, bool)
    for before, after in itertools.pairwise(spans):
        shared[after.start : before.stop] = True
    borders = [
        edge + off
        for span in spans
        for edge in (span.start, span.stop)
        for off in (-2, -1, 0)
        if 0 < edge < SIDE
    ]
    for steep in steepness(refined):
        assert 0.8 < steep[borders].mean() / steep.mean() < 1.25
        # Nor are they softer where two tiles are mixed.
        assert 0.85 < steep[shared].mean() / steep[~shared].mean() < 1.18
