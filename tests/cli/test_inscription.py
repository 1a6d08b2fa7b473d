"""Result files say how they were made; we and others can read it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from sd_parsers import ParserManager

from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.pictures.inscription import inscription_of
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.reading import read_picture
from scumble_cli.pictures.wire_pixels import array_of
from scumble_protocol.editor.canvas import Layer, Margins, ResultGroup
from scumble_protocol.editor.dropped import settings_from_file
from scumble_protocol.editor.inscribed import PARAMETERS, RECORD, texts_of
from scumble_protocol.geometry import Rect, Size
from tests.cli.picture_files import noise, picture_of
from tests.cli.test_picture_canvas import layer_of
from tests.editor.recipes import record, upscale_record

SAID = record(negative="dogs", prompt="a {big|small} cat", made={"seed": 7, "negative": "dogs"})
CHINESE = record(prompt="一只猫 😀", made={"prompt": "一只猫 😀"})
KINDS = (".png", ".tiff", ".jpg", ".webp", ".ora")


def result(said: str, picture: Picture | None = None) -> PictureCanvas:
    """A canvas with a result that this record made."""
    canvas = PictureCanvas(picture or picture_of(3, 8))
    layer = layer_of(noise(10, 10, 4, 8), np.full((10, 10), 255, np.uint8), 7, 9)
    named = Layer(**{**vars(layer), "request_json": said})
    canvas.insert(ResultGroup("Scumble", (named,)))
    return canvas


@pytest.mark.parametrize("said", [SAID, CHINESE])
@pytest.mark.parametrize("ending", KINDS)
def test_every_kind_of_file_carries_the_whole_record(
    tmp_path: Path, ending: str, said: str
) -> None:
    path = tmp_path / f"result{ending}"
    result(said).save(path)
    assert json.loads(texts_of(path)[RECORD]) == json.loads(said)
    settings = settings_from_file(path)
    assert settings.prompt == json.loads(said)["made"]["prompt"]


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
def test_somebody_elses_reader_understands_it(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"result{ending}"
    result(SAID).save(path)
    info = ParserManager().parse(path)
    assert info is not None
    (sampler,) = info.samplers
    assert (sampler.name, info.full_prompt) == ("DPM++ 2M", "a cat")
    assert info.full_negative_prompt == "dogs"
    assert sampler.parameters["seed"] == "7"
    assert sampler.parameters["scheduler"] == "Karras"
    assert sampler.model is not None
    assert sampler.model.name == "starter"


def test_openrasters_merged_image_and_layers_say_it_to_others(tmp_path: Path) -> None:
    result(SAID).save(tmp_path / "result.ora")
    with zipfile.ZipFile(tmp_path / "result.ora") as archive:
        for name in ("mergedimage.png", "data/000.png"):
            info = ParserManager().parse(io.BytesIO(archive.read(name)))
            assert info is not None
            assert info.full_prompt == "a cat"


def test_tiffs_description_is_the_text_that_others_show(tmp_path: Path) -> None:
    result(CHINESE).save(tmp_path / "result.tiff")
    with tifffile.TiffFile(tmp_path / "result.tiff") as file:
        described = file.pages.first.tags[270].value
    assert described.startswith("一只猫 😀\nSteps: 20, Sampler: DPM++ 2M")


def test_deep_pictures_carry_it_too(tmp_path: Path) -> None:
    canvas = PictureCanvas(picture_of(4, 16))
    canvas.enlarge(Size(5, 5), ResultGroup("", (enlarged(Size(5, 5), 16),)))
    for ending in (".png", ".tiff", ".ora"):
        canvas.save(tmp_path / f"result{ending}")
        texts = texts_of(tmp_path / f"result{ending}")
        assert json.loads(texts[RECORD])["kind"] == "upscale"
    assert "Postprocess upscaler: lanczos" in texts_of(tmp_path / "result.png")[PARAMETERS]
    assert read_picture(tmp_path / "result.png").samples.dtype == np.uint16


def test_a_record_too_long_for_jpeg_leaves_the_text(tmp_path: Path) -> None:
    result(record(negative="x" * 70_000)).save(tmp_path / "result.jpg")
    texts = texts_of(tmp_path / "result.jpg")
    assert RECORD not in texts
    assert texts[PARAMETERS].startswith("a cat")


def test_a_picture_without_results_says_nothing(tmp_path: Path) -> None:
    for ending in KINDS[:-1]:
        PictureCanvas(picture_of(3, 8)).save(tmp_path / f"plain{ending}")
        assert not any(texts_of(tmp_path / f"plain{ending}").values())


def test_exif_is_as_pillow_reads_it() -> None:
    exif = Image.Exif()
    inscription = inscription_of(SAID)
    assert inscription is not None
    exif.load(inscription.exif())
    comment = exif.get_ifd(0x8769)[0x9286]
    assert comment[8:].decode("utf-16-be").startswith("a cat\nNegative prompt: dogs")


def test_a_result_of_another_size_lies_over_the_picture_at_that_size(tmp_path: Path) -> None:
    canvas = PictureCanvas(Picture(noise(37, 53, 3, 8)))
    first, second = enlarged(Size(20, 30), 8), enlarged(Size(20, 30), 8)
    canvas.enlarge(Size(20, 30), ResultGroup("Scumble", (first, second)))
    assert (canvas.bounds(), canvas.selection()) == (Size(20, 30), Rect(0, 0, 20, 30))
    canvas.save_all((tmp_path / "1.png", tmp_path / "2.png"), 2)
    for number, layer in ((1, first), (2, second)):
        samples = read_picture(tmp_path / f"{number}.png").samples
        assert (samples == array_of(layer.pixels)[..., :3]).all()


def test_what_came_along_gets_a_file_of_its_own(tmp_path: Path) -> None:
    canvas = result(SAID)
    (group,) = canvas.groups
    shown = Layer(**{**vars(group.layers[0]), "name": "Soft edge"})
    canvas.groups = [ResultGroup("Scumble", (*group.layers, shown))]
    (tmp_path / "a-soft-edge.png").touch()
    files = canvas.save_all((tmp_path / "a.png",), 1)
    assert files == (tmp_path / "a.png", tmp_path / "a-soft-edge-2.png")
    assert read_picture(files[1]).samples.tobytes() == shown.pixels.data


def test_an_expanded_picture_is_opaque_again_once_it_is_filled(tmp_path: Path) -> None:
    canvas = PictureCanvas(Picture(noise(10, 10, 3, 8)))
    canvas.expand(Margins(right=2))
    assert canvas.picture.has_alpha
    pixels = noise(10, 12, 4, 8)
    pixels[..., 3] = 255
    layer = layer_of(pixels, np.full((10, 12), 255, np.uint8))
    canvas.insert(ResultGroup("Scumble", (Layer(**{**vars(layer), "request_json": SAID}),)))
    canvas.save(tmp_path / "wide.jpg")
    assert read_picture(tmp_path / "wide.jpg").samples.shape == (10, 12, 3)


def enlarged(size: Size, bits: int) -> Layer:
    """A layer of this size that an upscale made."""
    pixels = noise(size.height, size.width, 4, bits)
    pixels[..., 3] = 2**bits - 1
    layer = layer_of(pixels, np.full((size.height, size.width), 255, np.uint8))
    return Layer(**{**vars(layer), "request_json": upscale_record()})
