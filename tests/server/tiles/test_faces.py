from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scumble_protocol.choices import ResizeMode
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import Control, ControlKind
from scumble_protocol.requests import Regenerate
from scumble_server.pixels.opencv import Mask, Picture
from scumble_server.run import run
from scumble_server.work.face_finding import find_faces
from scumble_server.work.report import Cancelled, PreviewReport, ProgressReport
from tests.server.photos import opaque, photo
from tests.server.tiles.jobs import Desk, composited

FACE = Rect(160, 42, 132, 165)
"""Where the astronaut's face is, generously."""


def resized(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def all_of(picture: Picture) -> Mask:
    return np.full(picture.shape[:2], 255, np.uint8)


def request_for(desk: Desk, picture: Picture, mask: Mask) -> Regenerate:
    return replace(desk.regenerate(picture, mask, "tiny"), only_faces=True)


def assert_is_the_face(found: Rect, scale: float = 1.0) -> None:
    middle = (found.x + found.width / 2) / scale, (found.y + found.height / 2) / scale
    assert abs(middle[0] - 226) < 12
    assert abs(middle[1] - 115) < 15
    assert 70 < found.width / scale < 130


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_the_face_is_found_at_every_size_and_nothing_else(scale: float) -> None:
    side = round(512 * scale)
    picture = opaque(resized(photo(), side))
    (found,) = find_faces(picture, all_of(picture))
    assert_is_the_face(found, scale)


@pytest.mark.parametrize("degrees", [-16, -8, 8, 16])
def test_a_face_that_is_tilted_a_little_is_found(degrees: int) -> None:
    turn = cv2.getRotationMatrix2D((226, 115), degrees, 1)
    picture = opaque(np.asarray(cv2.warpAffine(photo(), turn, (512, 512)), np.uint8))
    mask = np.zeros((512, 512), np.uint8)
    mask[:256] = 255
    (found,) = find_faces(picture, mask)
    assert_is_the_face(found)


def test_sixteen_bits_are_looked_at_too() -> None:
    (found,) = find_faces(opaque(photo(), np.uint16), all_of(photo()))
    assert_is_the_face(found)


def test_a_face_beside_the_selection_is_none() -> None:
    mask = np.zeros((512, 512), np.uint8)
    mask[300:, :] = 255
    assert find_faces(opaque(photo()), mask) == ()


def test_a_face_is_found_in_a_selection_around_it_alone() -> None:
    mask = np.zeros((512, 512), np.uint8)
    mask[60:180, 170:280] = 255
    (found,) = find_faces(opaque(photo()), mask)
    assert_is_the_face(found)


def test_every_face_is_found() -> None:
    picture = opaque(np.ascontiguousarray(np.hstack([photo(), photo()[:, ::-1]])))
    first, second = sorted(find_faces(picture, all_of(picture)), key=lambda it: it.x)
    assert_is_the_face(first)
    assert abs(second.x + second.width / 2 - (1024 - 226)) < 12


def test_only_the_face_is_made_anew(desk: Desk) -> None:
    picture = opaque(photo())
    made = desk.run(request_for(desk, picture, all_of(picture))).made[0]
    assert FACE.contains(made.layer.rect)
    shown = composited(picture, made.layer)
    outside = np.ones((512, 512), bool)
    outside[FACE.y : FACE.bottom, FACE.x : FACE.right] = False
    np.testing.assert_array_equal(shown[outside], picture[outside])
    assert (shown[90:140, 200:250] != picture[90:140, 200:250]).any(-1).mean() > 0.9
    (ran,) = made.passes
    assert (ran.name, ran.tiles) == ("faces", 1)
    # The mask has a soft rim.
    assert len(np.unique(made.layer.mask)) > 50


def test_a_face_is_made_anew_only_as_far_as_it_is_selected(desk: Desk) -> None:
    picture, mask = opaque(photo()), np.zeros((512, 512), np.uint8)
    mask[:, :232] = 255
    layer = desk.run(request_for(desk, picture, mask)).layers[0]
    assert layer.rect.right <= 232


def test_each_variation_has_all_faces_in_one_layer(desk: Desk) -> None:
    picture = opaque(np.ascontiguousarray(np.hstack([photo(), photo()[:, ::-1]])))
    request = replace(request_for(desk, picture, all_of(picture)), count=2)
    result = desk.run(request)
    assert [made.seed for made in result.made] == [7, 8]
    one, other = result.layers
    assert one.rect == other.rect
    assert one.rect.width > 500
    assert (one.pixels != other.pixels).any()
    assert result.made[0].passes[0].tiles == 2
    steps = [
        (told.step, told.of, told.detail)
        for told in desk.told
        if isinstance(told, ProgressReport) and told.phase.value == "sampling"
    ]
    assert steps[-1] == (16, 16, "face 4 of 4")
    assert [step for step, _, _ in steps] == sorted(step for step, _, _ in steps)


def test_previews_show_the_face_in_its_place(desk: Desk) -> None:
    picture = opaque(photo())
    desk.run(request_for(desk, picture, all_of(picture)))
    (first, *_) = [told.pixels for told in desk.told if isinstance(told, PreviewReport)]
    assert first.shape == (256, 256, 4)
    small = resized(photo(), 256)
    far = np.abs(first[128:, :, :3].astype(int) - small[128:])
    assert far.max() <= 1


def test_latents_that_are_not_resized_for_faces_are_told_of(desk: Desk) -> None:
    picture = opaque(photo())
    asked = replace(request_for(desk, picture, all_of(picture)), target=Size(600, 600))
    assert desk.run(asked).notes == ()
    (note,) = desk.run(replace(asked, resize=ResizeMode.LATENT)).notes
    assert "its pixels were stretched" in note


def test_where_no_face_is_found_that_is_said(desk: Desk) -> None:
    picture = opaque(photo()[300:, :300])
    with pytest.raises(RequestError) as refused:
        run(request_for(desk, picture, all_of(picture)), desk.blobs.__getitem__, desk.shelf, never)
    assert refused.value.code is ErrorCode.EMPTY_SELECTION
    assert refused.value.message == "No face was found in the selection."


def test_guides_are_refused_with_faces_alone(desk: Desk) -> None:
    picture = opaque(photo())
    request = request_for(desk, picture, all_of(picture))
    control = Control(ControlKind.TILE, request.image)
    with pytest.raises(RequestError, match="controls"):
        run(replace(request, controls=(control,)), desk.blobs.__getitem__, desk.shelf, never)


def never(report: object) -> None:
    raise AssertionError(report)


def test_cancel_stops_between_faces(desk: Desk) -> None:
    picture = opaque(np.ascontiguousarray(np.hstack([photo(), photo()[:, ::-1]])))

    def cancel(report: object) -> None:
        if isinstance(report, ProgressReport) and report.detail == "face 2 of 2":
            raise Cancelled

    with pytest.raises(Cancelled):
        run(
            request_for(desk, picture, all_of(picture)),
            desk.blobs.__getitem__,
            desk.shelf,
            cancel,
        )


def test_the_result_can_have_another_size(desk: Desk) -> None:
    picture = opaque(photo())
    request = replace(request_for(desk, picture, all_of(picture)), target=Size(300, 300))
    layer = desk.run(request).layers[0]
    assert layer.rect == Rect(0, 0, 300, 300)
