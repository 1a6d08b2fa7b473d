"""OpenRaster files, as the specification and Krita and GIMP have them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.pictures.colour import srgb_profile
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.reading import read_picture
from scumble_protocol.editor.canvas import ResultGroup, Source
from scumble_protocol.geometry import Rect
from tests.cli.picture_files import noise, picture_of
from tests.cli.test_picture_canvas import KINDS, RECORD, layer_of


def member(path: Path, name: str) -> Picture:
    """A picture inside the file."""
    with zipfile.ZipFile(path) as archive:
        (path.parent / "member.png").write_bytes(archive.read(name))
    return read_picture(path.parent / "member.png")


def stack_of(path: Path) -> ET.Element:
    with zipfile.ZipFile(path) as archive:
        return ET.fromstring(archive.read("stack.xml"))  # noqa: S314  (we wrote it)


def result_file(folder: Path, picture: Picture) -> tuple[Path, PictureCanvas]:
    """A file with two variations of a 10 x 10 area, of which a cross-section is masked."""
    bits = 8 * picture.samples.itemsize
    canvas = PictureCanvas(picture)
    mask = np.zeros((10, 10), np.uint8)
    mask[:, 4], mask[:, 5:] = 51, 255
    layers = (
        layer_of(noise(10, 10, 4, bits), mask, 7, 9),
        layer_of(noise(10, 10, 4, bits), mask, 7, 9, visible=False),
    )
    canvas.insert(ResultGroup("Scumble: a cat & <dog>", layers))
    canvas.save(folder / "out.ora")
    return folder / "out.ora", canvas


def test_the_type_of_the_file_can_be_told_from_its_first_bytes(tmp_path: Path) -> None:
    path, _ = result_file(tmp_path, picture_of(3, 8))
    assert path.read_bytes()[30:54] == b"mimetypeimage/openraster"
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert {"stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png"} <= set(
            archive.namelist()
        )
        assert archive.testzip() is None


def test_the_picture_lies_below_a_group_with_the_layers_and_their_mask(tmp_path: Path) -> None:
    path, _ = result_file(tmp_path, picture_of(3, 8))
    image = stack_of(path)
    assert (image.get("w"), image.get("h"), image.get("xres")) == ("53", "37", "300")
    (stack,) = image
    group, picture = stack
    assert (group.tag, group.get("name")) == ("stack", "Scumble: a cat & <dog>")
    assert (picture.tag, picture.get("name")) == ("layer", "Picture")
    described = [(e.get("name"), e.get("visibility"), e.get("x"), e.get("y")) for e in group]
    assert described == [
        ("Seed 1", "visible", "7", "9"),
        ("Seed 1", "hidden", "7", "9"),
        ("Mask", "hidden", "7", "9"),
    ]


@pytest.mark.parametrize(("channels", "bits"), KINDS)
def test_the_picture_in_it_is_the_picture_that_was_read(
    tmp_path: Path, channels: int, bits: int
) -> None:
    original = picture_of(channels, bits)
    path, canvas = result_file(tmp_path, original)
    source = stack_of(path)[0][1].get("src")
    assert source is not None
    lowest = member(path, source)
    np.testing.assert_array_equal(lowest.samples, original.samples)
    assert lowest.profile == original.profile
    merged = member(path, "mergedimage.png")
    np.testing.assert_array_equal(merged.samples, canvas.flattened().samples)
    outside = np.ones((37, 53), bool)
    outside[9:19, 11:17] = False
    np.testing.assert_array_equal(merged.samples[outside], original.samples[outside])


@pytest.mark.parametrize(("channels", "named"), [(1, 1), (2, 1), (3, 3), (4, 3)])
def test_16_bit_pictures_without_a_profile_are_said_to_be_srgb(
    tmp_path: Path, channels: int, named: int
) -> None:
    path, _ = result_file(tmp_path, Picture(noise(37, 53, channels, 16)))
    assert member(path, "data/000.png").profile == srgb_profile(named)
    assert member(path, "mergedimage.png").profile == srgb_profile(named)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_layer_drawn_over_the_picture_looks_like_the_merged_image(
    tmp_path: Path, channels: int, bits: int
) -> None:
    samples = noise(37, 53, channels, bits)
    path, canvas = result_file(tmp_path, Picture(samples))
    source = stack_of(path)[0][0][0].get("src")
    assert source is not None
    layer = member(path, source).samples.astype(float)
    most = 2**bits - 1
    alpha = layer[..., -1:] / most
    area = np.s_[9:19, 7:17]
    over = layer[..., :-1] * alpha + samples[area] * (1 - alpha)
    opaque = np.asarray(canvas.flattened().samples[area], float)
    # The layer's own opacity is noise here; where it is full, both ways agree.
    full = alpha[..., 0] == 1
    assert np.abs(over - opaque)[full].max(initial=0) <= 1
    assert not layer[:, :4, -1].any(), "outside the mask it is wholly transparent"


def test_every_layer_names_its_request(tmp_path: Path) -> None:
    path, _ = result_file(tmp_path, picture_of(3, 8))
    with zipfile.ZipFile(path) as archive:
        requests = json.loads(archive.read("scumble/requests.json"))
    sources = [layer.get("src") for layer in stack_of(path)[0][0]]
    assert requests == {name: json.loads(RECORD) for name in sources[:2]}


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(37, 53, (37, 53)), (600, 300, (256, 128)), (1, 2000, (1, 256))],
)
def test_the_thumbnail_fits_and_has_eight_bits(
    tmp_path: Path, height: int, width: int, expected: tuple[int, int]
) -> None:
    canvas = PictureCanvas(picture_of(2, 16, height=height, width=width))
    canvas.save(tmp_path / "out.ora")
    thumbnail = member(tmp_path / "out.ora", "Thumbnails/thumbnail.png")
    assert thumbnail.samples.shape == (*expected, 4)
    assert thumbnail.samples.dtype == np.uint8


def test_without_results_there_is_only_the_picture(tmp_path: Path) -> None:
    canvas = PictureCanvas(Picture(noise(5, 6, 3, 8)))
    canvas.save(tmp_path / "out.ora")
    image = stack_of(tmp_path / "out.ora")
    assert image.get("xres") == "72"
    assert [layer.get("name") for layer in image[0]] == ["Picture"]
    assert (
        canvas.read(Rect(0, 0, 1, 1), Source.VISIBLE)().data[:3]
        == canvas.picture.samples[0, 0].tobytes()
    )
