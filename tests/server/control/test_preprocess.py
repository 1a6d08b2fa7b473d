"""Control pictures look as the published ControlNets were trained to read them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scumble_protocol.guides import ControlKind
from scumble_server.control import edges
from scumble_server.control.addition import PeopleFinder, Preprocessor
from scumble_server.control.ade20k import COLORS
from scumble_server.control.places import Role
from scumble_server.control.preprocess import hidden, network_for, normals, preprocessed
from scumble_server.control.skeleton import drawn, from_coco
from scumble_server.pixels.opencv import Floats
from tests.server.control.conftest import Added
from tests.server.photos import photo

LINES = [ControlKind.CANNY, ControlKind.SOFT_EDGE, ControlKind.SCRIBBLE, ControlKind.LINEART]
PLAIN = [*LINES, ControlKind.TILE, ControlKind.BLUR, ControlKind.INPAINT]
SIDE = 128


def astronaut() -> Floats:
    small = cv2.resize(photo(), (256, 256), interpolation=cv2.INTER_AREA)
    return (small / 255).astype(np.float32)


def sketch(stroke: float = 0.15, paper: float = 0.9) -> tuple[Floats, NDArray[np.bool_]]:
    """A ring drawn on grainy paper, and where it is."""
    drawn = np.zeros((SIDE, SIDE), np.float32)
    cv2.circle(drawn, (64, 64), 40, 1.0, 4, cv2.LINE_AA)
    grain = np.random.default_rng(1).normal(0, 0.015, (SIDE, SIDE, 3))
    picture = paper + (stroke - paper) * drawn[..., None] + grain
    return np.clip(picture, 0, 1).astype(np.float32), drawn > 0.5


@pytest.mark.parametrize("kind", PLAIN)
def test_control_pictures_are_rgb_from_0_to_1(kind: ControlKind) -> None:
    made = preprocessed(kind, astronaut(), None, None)
    assert made.shape == (256, 256, 3)
    assert made.dtype == np.float32
    assert 0 <= made.min() <= made.max() <= 1


@pytest.mark.parametrize("kind", LINES)
def test_lines_are_white_on_black(kind: ControlKind) -> None:
    made = preprocessed(kind, astronaut(), None, None)
    assert (made[..., 0] == made[..., 1]).all()
    assert (made[..., 0] == made[..., 2]).all()
    assert 0.01 < float((made > 0.5).mean()) < 0.35
    assert float(np.median(made)) < 0.2


@pytest.mark.parametrize("kind", LINES)
def test_a_flat_picture_has_no_lines(kind: ControlKind) -> None:
    flat = np.full((64, 64, 3), 0.6, np.float32)
    assert not preprocessed(kind, flat, None, None).any()


@pytest.mark.parametrize("draw", [edges.scribble, edges.lineart])
@pytest.mark.parametrize(("stroke", "paper"), [(0.15, 0.9), (0.5, 0.9), (0.9, 0.1)])
def test_strokes_are_found_and_grain_is_not(
    draw: Callable[[Floats], Floats], stroke: float, paper: float
) -> None:
    picture, ring = sketch(stroke, paper)
    found = draw(picture) > 0.5
    away = cv2.dilate(ring.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    assert float(found[ring].mean()) > 0.85
    assert float(found[away].mean()) < 0.001


@pytest.mark.parametrize("draw", [edges.scribble, edges.lineart])
def test_of_a_transparent_layer_what_is_drawn_are_the_strokes(
    draw: Callable[[Floats, Floats], Floats],
) -> None:
    coverage = np.zeros((32, 32), np.float32)
    coverage[10:12] = 1
    assert (draw(np.ones((32, 32, 3), np.float32), coverage) == coverage).all()


def test_canny_lines_are_one_pixel_wide() -> None:
    step = np.zeros((40, 40, 3), np.float32)
    step[:, 20:] = 1
    assert edges.canny(step).sum(axis=1).tolist() == [1] * 40


def test_soft_edges_find_colours_of_one_brightness() -> None:
    picture = np.full((64, 64, 3), (0.75, 0.2, 0.2), np.float32)
    picture[:, 32:] = (0.2, 0.45, 0.2)
    found = edges.soft_edges(picture)
    assert float(found[8:-8, 31:33].min()) > 0.8
    assert float(found[:, :20].max()) < 0.05


def test_a_blur_keeps_colours_and_drops_detail() -> None:
    picture = astronaut()
    made = preprocessed(ControlKind.BLUR, picture, None, None)
    assert np.allclose(made.mean(axis=(0, 1)), picture.mean(axis=(0, 1)), atol=0.01)
    assert float(np.diff(made, axis=0).std()) < 0.5 * float(np.diff(picture, axis=0).std())


def test_a_tile_is_the_picture_itself() -> None:
    assert preprocessed(ControlKind.TILE, astronaut(), None, None) is not None
    assert (preprocessed(ControlKind.TILE, astronaut(), None, None) == astronaut()).all()


def test_an_inpaint_control_is_minus_1_where_it_is_hidden() -> None:
    denoise = np.zeros((4, 4), np.float32)
    denoise[:2], denoise[2] = 0.5, 0.4
    made = hidden(np.full((4, 4, 3), 0.3, np.float32), denoise)
    assert (made[:2] == -1).all()
    assert (made[2:] == np.float32(0.3)).all()


def test_normals_have_red_to_the_left_green_up_and_blue_to_the_viewer() -> None:
    y, x = np.mgrid[-1:1:65j, -1:1:65j]
    dome = np.sqrt(np.clip(1 - x**2 - y**2, 0, None)).astype(np.float32)
    made = normals(dome)
    left, right, top, bottom = made[32, 12], made[32, 52], made[12, 32], made[52, 32]
    assert left[0] > 0.6
    assert right[0] < 0.4
    assert top[1] > 0.6
    assert bottom[1] < 0.4
    assert made[32, 32] == pytest.approx((0.5, 0.5, 1), abs=0.02)
    flat = normals(np.full((8, 8), 0.5, np.float32))
    assert np.allclose(flat, (0.5, 0.5, 1))


def test_a_depth_map_uses_the_whole_range(added: Added) -> None:
    network = added(Role.PREPROCESSOR, "depth")
    assert isinstance(network, Preprocessor)
    made = preprocessed(ControlKind.DEPTH, astronaut()[:200], None, network)
    assert made.shape == (200, 256, 3)
    assert (float(made.min()), float(made.max())) == (0, 1)
    assert (made[..., 0] == made[..., 2]).all()
    facing = preprocessed(ControlKind.NORMAL, astronaut()[:200], None, network)
    assert facing.shape == (200, 256, 3)
    assert np.allclose(np.linalg.norm(facing * 2 - 1, axis=2), 1, atol=1e-3)


def test_segments_have_the_colours_of_ade20k(added: Added) -> None:
    assert COLORS.shape == (150, 3)
    assert COLORS[[0, 2, 12]].tolist() == [[120, 120, 120], [6, 230, 230], [150, 5, 61]]
    network = added(Role.PREPROCESSOR, "kinds")
    assert isinstance(network, Preprocessor)
    made = np.rint(preprocessed(ControlKind.SEGMENTATION, astronaut(), None, network) * 255)
    known = {tuple(color) for color in COLORS.tolist()}
    assert {tuple(color) for color in made.reshape(-1, 3).astype(int).tolist()} <= known


def test_what_can_be_calculated_needs_no_network() -> None:
    assert network_for(ControlKind.DEPTH) == network_for(ControlKind.NORMAL) == "depth"
    assert {network_for(kind) for kind in PLAIN} == {""}


def test_everybody_found_gets_a_figure(added: Added) -> None:
    finder, network = added(Role.PREPROCESSOR, "people"), added(Role.PREPROCESSOR, "pose")
    assert isinstance(finder, PeopleFinder)
    assert isinstance(network, Preprocessor)
    people = finder.people(astronaut())
    assert len(people) == 3
    assert all(len(box) == 4 for box in people)
    for boxes in ((), people):
        made = preprocessed(ControlKind.POSE, astronaut(), None, network, boxes)
        assert made.shape == (256, 256, 3)
        assert 0 <= made.min() <= made.max() <= 1


def test_a_figure_has_openpose_s_points_and_colours() -> None:
    places = np.stack([np.arange(17) * 7 + 10, np.arange(17) * 5 + 20], axis=1).astype(np.float32)
    points = from_coco(places, np.linspace(0.5, 1, 17, dtype=np.float32))
    assert points.shape == (18, 3)
    assert points[0, :2].tolist() == places[0].tolist(), "the nose is the nose"
    assert points[1, :2].tolist() == ((places[5] + places[6]) / 2).tolist(), "the neck"
    assert points[4, :2].tolist() == places[10].tolist(), "the right wrist"
    assert points[17, :2].tolist() == places[3].tolist(), "the left ear"
    figure = np.zeros((18, 3), np.float32)
    figure[[1, 2]] = (100, 50, 1), (20, 50, 1)  # neck and right shoulder
    figure[3] = (20, 110, 0.2)  # an elbow that is not sure
    picture = drawn([figure], 128, 128)
    assert picture[50, 60] == pytest.approx((0.6, 0, 0)), "a limb"
    assert picture[50, 20] == pytest.approx((1, 2 / 3, 0), abs=1e-5), "a joint"
    assert not picture[60:].any()
