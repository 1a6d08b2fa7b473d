"""Controls, references and regions on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scumble_cli.arguments.guiding import control, reference, region
from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.pictures.guides import add_guides
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.wire_pixels import array_of
from scumble_protocol.editor.guide_pictures import read_guides
from scumble_protocol.editor.guides import ControlLayer, ReferenceLayer, RegionLayer
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import ControlKind, ReferenceKind
from tests.cli.picture_files import noise
from tests.cli.program import SIDE, save_mask, save_picture


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("canny=edges.png", ControlLayer(ControlKind.CANNY, "edges.png")),
        ("Soft-Edge=a.png", ControlLayer(ControlKind.SOFT_EDGE, "a.png")),
        ("tile", ControlLayer(ControlKind.TILE)),
        ("pose:my/model=p.png", ControlLayer(ControlKind.POSE, "p.png", model="my/model")),
        (
            "depth=d.png,weight=0.8,start=0.1,end=0.5,raw,show",
            ControlLayer(
                ControlKind.DEPTH, "d.png", preprocess=False, weight=0.8, start=0.1, end=0.5,
                show=True,
            ),
        ),
        ("canny=a,b=1.png,show", ControlLayer(ControlKind.CANNY, "a,b=1.png", show=True)),
        ("canny=me, raw.png", ControlLayer(ControlKind.CANNY, "me, raw.png")),
    ],
)  # fmt: skip
def test_a_control_is_read(text: str, expected: ControlLayer) -> None:
    assert control(text) == expected


def test_an_unknown_control_is_told_with_the_nearest() -> None:
    with pytest.raises(RequestError, match="There is no control 'cany'") as caught:
        control("cany=edges.png")
    assert caught.value.hint == "Did you mean canny?"


def test_a_weight_that_is_no_number_is_told() -> None:
    with pytest.raises(RequestError, match=r"'much' in .* is no number"):
        control("canny=a.png,weight=much")


def test_a_reference_is_read() -> None:
    assert reference("style=a.png,weight=0.6") == ReferenceLayer(
        ReferenceKind.STYLE, "a.png", weight=0.6
    )
    with pytest.raises(argparse.ArgumentTypeError, match="is not KIND=FILE"):
        reference("style")


def test_a_region_is_read() -> None:
    assert region("a sky, 2=3=sky.png") == RegionLayer("sky.png", "a sky, 2=3")
    for text in ("sky.png", "=sky.png", "sky="):
        with pytest.raises(argparse.ArgumentTypeError, match="is not PROMPT=FILE"):
            region(text)


def test_a_region_holds_where_its_file_is_white(tmp_path: Path) -> None:
    for bits, mode in ((8, "u1"), (16, "u2")):
        most = 2**bits - 1
        grey = np.zeros((SIDE, SIDE), mode)
        grey[:, SIDE // 2 :] = most
        Image.fromarray(grey).save(tmp_path / "sky.png")
        settings = Settings(regions=(RegionLayer(str(tmp_path / "sky.png"), "a sky"),))
        canvas = PictureCanvas(Picture(noise(SIDE, SIDE, 3, 8)))
        add_guides(canvas, settings)
        found = read_guides(canvas, settings, Rect(0, 0, SIDE, SIDE))["region 0"]()
        assert (array_of(found)[..., 0] == np.where(grey, 255, 0)).all()


def test_a_reference_may_have_any_size(tmp_path: Path) -> None:
    save_picture(tmp_path / "large.png", (3 * SIDE, 2 * SIDE))
    kind = ReferenceKind.ALL
    settings = Settings(references=(ReferenceLayer(kind, str(tmp_path / "large.png")),))
    canvas = PictureCanvas(Picture(noise(SIDE, SIDE, 3, 8)))
    add_guides(canvas, settings)
    found = read_guides(canvas, settings, Rect(0, 0, SIDE, SIDE))["reference 0"]()
    assert found.size == Size(3 * SIDE, 2 * SIDE)


def test_a_control_or_region_of_another_size_is_refused(tmp_path: Path) -> None:
    file = str(save_mask(tmp_path / "small.png", (SIDE // 2, SIDE)))
    canvas = PictureCanvas(Picture(noise(SIDE, SIDE, 3, 8)))
    for settings in (
        Settings(controls=(ControlLayer(ControlKind.CANNY, file),)),
        Settings(regions=(RegionLayer(file, "a sky"),)),
    ):
        with pytest.raises(RequestError, match=r"small\.png has 48"):
            add_guides(canvas, settings)


def test_a_control_without_a_file_reads_the_picture() -> None:
    settings = Settings(controls=(ControlLayer(ControlKind.CANNY),))
    canvas = PictureCanvas(Picture(noise(SIDE, SIDE, 3, 8)))
    add_guides(canvas, settings)
    assert not canvas.guides
    found = read_guides(canvas, settings, Rect(0, 0, SIDE, SIDE))["control 0"]()
    assert (array_of(found)[..., :3] == canvas.picture.samples).all()
