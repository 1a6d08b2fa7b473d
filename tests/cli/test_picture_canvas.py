"""A picture file as the canvas of a studio."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.pictures.colour import Samples
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.reading import read_picture
from scumble_cli.pictures.wire_pixels import array_of, pixels_of
from scumble_cli.pictures.writing import write_picture
from scumble_protocol.client import Client
from scumble_protocol.editor.canvas import Canvas, Layer, Margins, ResultGroup, Source
from scumble_protocol.editor.record import request_json
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.studio import Applied, Studio
from scumble_protocol.errors import ErrorCode, ProtocolError, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat
from tests.cli.picture_files import noise, picture_of, profile_for
from tests.client.passing_server import passing_server
from tests.client.requests_to_send import regenerate
from tests.timing import MS

RECORD = request_json(regenerate())
KINDS = [(channels, bits) for channels in (1, 2, 3, 4) for bits in (8, 16)]


def layer_of(
    pixels: Samples, mask: Samples, x: int = 0, y: int = 0, *, visible: bool = True
) -> Layer:
    layout = PixelFormat.RGBA16 if pixels.dtype == np.uint16 else PixelFormat.RGBA8
    height, width = mask.shape
    return Layer(
        "Seed 1",
        Rect(x, y, width, height),
        pixels_of(pixels, layout),
        pixels_of(mask, PixelFormat.GRAY8),
        visible=visible,
        request_json=RECORD,
    )


def test_a_picture_canvas_is_a_canvas() -> None:
    canvas: Canvas = PictureCanvas(picture_of(3, 8))
    assert canvas.bounds() == Size(53, 37)


@pytest.mark.parametrize(("channels", "bits"), KINDS)
def test_a_canvas_is_as_deep_as_its_file(channels: int, bits: int) -> None:
    canvas = PictureCanvas(picture_of(channels, bits))
    assert canvas.depth() is (PixelFormat.RGBA8 if bits == 8 else PixelFormat.RGBA16)
    pixels = canvas.read(Rect(3, 4, 5, 6), Source.VISIBLE)()
    np.testing.assert_array_equal(array_of(pixels), canvas.picture.read(Rect(3, 4, 5, 6)))


def test_without_a_selection_the_whole_picture_is_meant() -> None:
    canvas = PictureCanvas(picture_of(3, 8))
    assert canvas.selection() == Rect(0, 0, 53, 37)
    assert set(canvas.read_mask(Rect(0, 0, 53, 37)).data) == {255}


def test_a_rectangle_is_selected_as_far_as_it_lies_in_the_picture() -> None:
    canvas = PictureCanvas(picture_of(3, 8), selection=Rect(-5, 30, 10, 100))
    assert canvas.selection() == Rect(0, 30, 5, 7)
    mask = array_of(canvas.read_mask(Rect(2, 28, 10, 5)))[..., 0]
    assert (mask[2:, :3] == 255).all()
    assert mask.sum() == 255 * 9
    assert not any(canvas.read_mask(Rect(20, 0, 10, 5)).data)


def test_a_single_pixel_can_be_selected() -> None:
    canvas = PictureCanvas(picture_of(3, 8), selection=Rect(52, 36, 1, 1))
    assert canvas.selection() == Rect(52, 36, 1, 1)
    assert canvas.read_mask(Rect(52, 36, 1, 1)).data == b"\xff"


@pytest.mark.parametrize("rect", [Rect(53, 0, 1, 1), Rect(0, -9, 50, 9), Rect(-1, -1, 1, 1)])
def test_a_selection_outside_the_picture_is_refused(rect: Rect) -> None:
    with pytest.raises(RequestError, match="outside") as caught:
        PictureCanvas(picture_of(3, 8), selection=rect)
    assert caught.value.code is ErrorCode.SELECTION_OUTSIDE


def test_a_mask_selects_in_greys() -> None:
    mask = np.zeros((37, 53), np.uint8)
    mask[10, 20], mask[12, 30] = 1, 200
    canvas = PictureCanvas(picture_of(3, 8), mask=mask)
    assert canvas.selection() == Rect(20, 10, 11, 3)
    assert list(canvas.read_mask(Rect(29, 12, 3, 1)).data) == [0, 200, 0]


def test_a_black_mask_selects_nothing() -> None:
    canvas = PictureCanvas(picture_of(3, 8), mask=np.zeros((37, 53), np.uint8))
    assert canvas.selection() is None


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(RequestError, match="53 x 36") as caught:
        PictureCanvas(picture_of(3, 8), mask=np.zeros((36, 53), np.uint8))
    assert caught.value.code is ErrorCode.MASK_SIZE


def test_picture_and_mask_are_read_from_files(tmp_path: Path) -> None:
    write_picture(tmp_path / "picture.png", picture_of(4, 16))
    mask = np.zeros((37, 53, 1), np.uint8)
    mask[5:7, 8:9] = 255
    write_picture(tmp_path / "mask.png", Picture(mask))
    canvas = PictureCanvas.open(tmp_path / "picture.png", mask=tmp_path / "mask.png")
    assert canvas.selection() == Rect(8, 5, 1, 2)
    plain = PictureCanvas.open(tmp_path / "picture.png", selection=Rect(1, 2, 3, 4))
    assert plain.selection() == Rect(1, 2, 3, 4)


@st.composite
def results(draw: st.DrawFn) -> tuple[Picture, Layer]:
    """Any small picture and a result for some of it."""
    kind = draw(st.sampled_from(["u1", "u2"]))
    height, width, channels = (draw(st.integers(1, n)) for n in (9, 9, 4))
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    shape = (draw(st.integers(1, height - y)), draw(st.integers(1, width - x)))
    samples = draw(arrays.arrays(kind, (height, width, channels)))
    profile = draw(st.sampled_from([None, profile_for(channels)]))
    pixels = draw(arrays.arrays(kind, (*shape, 4)))
    mask = draw(arrays.arrays("u1", shape, elements=st.sampled_from([0, 0, 1, 128, 255])))
    return Picture(samples, profile), layer_of(pixels, mask, x, y)


@given(results())
def test_outside_the_mask_every_sample_is_as_in_the_file(case: tuple[Picture, Layer]) -> None:
    picture, layer = case
    before = picture.samples.copy()
    canvas = PictureCanvas(picture)
    canvas.insert(ResultGroup("Scumble", (layer,)))
    flat = canvas.flattened()
    shown = np.zeros(before.shape[:2], bool)
    rect = layer.rect
    shown[rect.y : rect.bottom, rect.x : rect.right] = array_of(layer.mask)[..., 0] > 0
    np.testing.assert_array_equal(flat.samples[~shown], before[~shown])
    np.testing.assert_array_equal(picture.samples, before)
    assert (flat.samples.dtype, flat.profile) == (before.dtype, picture.profile)


@given(results())
def test_a_layer_that_equals_the_picture_changes_no_sample(case: tuple[Picture, Layer]) -> None:
    picture, layer = case
    canvas = PictureCanvas(picture)
    same = dataclasses.replace(layer, pixels=canvas.read(layer.rect, Source.VISIBLE)())
    canvas.insert(ResultGroup("Scumble", (same,)))
    np.testing.assert_array_equal(canvas.flattened().samples, picture.samples)


def test_each_variation_can_be_shown_and_groups_lie_on_top_of_each_other() -> None:
    canvas = PictureCanvas(Picture(np.zeros((1, 3, 3), np.uint8)))
    white = np.full((1, 2, 4), 255, np.uint8)
    grey = np.full((1, 2, 4), (9, 9, 9, 255), np.uint8)
    mask = np.full((1, 2), 255, np.uint8)
    canvas.insert(ResultGroup("1", (layer_of(white, mask), layer_of(grey, mask))))
    canvas.insert(ResultGroup("2", (layer_of(grey, mask, 1),)))
    assert canvas.flattened().samples[0, :, 0].tolist() == [255, 9, 9]
    assert canvas.flattened(1).samples[0, :, 0].tolist() == [9, 9, 9]


@pytest.mark.parametrize("ending", [".png", ".tif"])
@pytest.mark.parametrize(("channels", "bits"), KINDS)
def test_a_saved_picture_is_the_input_but_for_the_mask(
    tmp_path: Path, channels: int, bits: int, ending: str
) -> None:
    picture = picture_of(channels, bits)
    canvas = PictureCanvas(picture)
    mask = np.zeros((20, 20), np.uint8)
    mask[5:10, 5:10] = 255
    canvas.insert(ResultGroup("Scumble", (layer_of(noise(20, 20, 4, bits), mask, 30, 15),)))
    canvas.save(tmp_path / f"out{ending}")
    read = read_picture(tmp_path / f"out{ending}")
    changed = (read.samples != picture.samples).any(axis=2)
    assert changed[20:25, 35:40].mean() > 0.8
    changed[20:25, 35:40] = False
    assert not changed.any()
    assert read.profile == picture.profile


def test_an_enlarged_picture_takes_the_place_of_the_picture() -> None:
    canvas = PictureCanvas(Picture(noise(4, 5, 3, 16), profile_for(3)))
    canvas.insert(ResultGroup("old", (layer_of(noise(2, 2, 4, 16), np.ones((2, 2), np.uint8)),)))
    large = noise(8, 10, 4, 16)
    layer = layer_of(large, np.full((8, 10), 255, np.uint8))
    canvas.enlarge(Size(10, 8), ResultGroup("Scumble: upscale", (layer,)))
    assert canvas.bounds() == Size(10, 8)
    assert canvas.groups == []
    assert canvas.picture.samples.shape == (8, 10, 3)
    assert canvas.picture.profile == profile_for(3)


@pytest.mark.parametrize(("channels", "bits"), KINDS)
def test_an_expanded_picture_has_transparent_sides_and_its_results_where_they_were(
    channels: int, bits: int
) -> None:
    canvas = PictureCanvas(picture_of(channels, bits), selection=Rect(3, 4, 5, 6))
    before = canvas.picture.read(Rect(0, 0, 53, 37))
    canvas.insert(
        ResultGroup("1", (layer_of(noise(2, 2, 4, bits), np.ones((2, 2), np.uint8), 7, 9),))
    )
    canvas.expand(Margins(left=2, top=3, right=4, bottom=5))
    assert canvas.bounds() == Size(59, 45)
    assert canvas.selection() == Rect(0, 0, 59, 45)
    np.testing.assert_array_equal(canvas.picture.read(Rect(2, 3, 53, 37)), before)
    assert not canvas.picture.read(Rect(0, 0, 59, 3))[..., 3].any()
    assert canvas.groups[0].layers[0].rect == Rect(9, 12, 2, 2)


def test_an_enlargement_that_does_not_cover_the_canvas_is_against_the_protocol() -> None:
    canvas = PictureCanvas(picture_of(3, 8))
    layer = layer_of(noise(2, 2, 4, 8), np.full((2, 2), 255, np.uint8))
    with pytest.raises(ProtocolError, match="cover"):
        canvas.enlarge(Size(106, 74), ResultGroup("Scumble: upscale", (layer,)))


@pytest.mark.parametrize(("channels", "bits"), KINDS)
def test_what_a_server_gives_back_unchanged_leaves_the_file_as_it_was(
    tmp_path: Path, channels: int, bits: int
) -> None:
    picture = picture_of(channels, bits)
    canvas = PictureCanvas(picture, selection=Rect(10, 10, 20, 20))
    with passing_server() as server:
        client = Client(server.address, name="test", version="1")
        client.start()
        studio = Studio(client, canvas)
        while not studio.models:
            assert client.wait(10_000 * MS)
            studio.tick()
        studio.regenerate(Settings())
        done = False
        while not done:
            assert client.wait(10_000 * MS)
            done = any(isinstance(event, Applied) for event in studio.tick())
        client.close()
    canvas.save(tmp_path / "out.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "out.png").samples, picture.samples)


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".ora"])
def test_a_picture_whose_record_can_not_be_read_is_written_all_the_same(
    suffix: str, tmp_path: Path
) -> None:
    canvas = PictureCanvas(picture_of(3, 8))
    layer = layer_of(noise(4, 5, 4, 8), np.full((4, 5), 255, np.uint8), 2, 3)
    damaged = dataclasses.replace(layer, request_json="{}")
    canvas.insert(ResultGroup("one", (damaged,)))
    canvas.save(tmp_path / f"out{suffix}")
    assert (tmp_path / f"out{suffix}").stat().st_size > 0
