"""The editors' windows open and do what a test tells them, and say what goes wrong inside."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.end_to_end.editors.gimp import Gimp, GimpError, open_window
from tests.end_to_end.editors.krita import Krita, KritaError

pytestmark = pytest.mark.editor


def test_krita_answers_and_tells_its_errors(krita: Krita, tmp_path: Path) -> None:
    assert krita.run("result = app.version()").startswith(("5.", "6."))
    with pytest.raises(KritaError, match="ZeroDivisionError"):
        krita.run("1 / 0")
    krita.screen.photograph(tmp_path / "screen.png")
    with Image.open(tmp_path / "screen.png") as photograph:
        assert photograph.size == (1600, 1000)


def test_gimp_window_shows_a_picture_and_tells_its_errors(gimp: Gimp) -> None:
    picture = gimp.work / "picture.png"
    Image.new("RGB", (30, 20), "teal").save(picture)
    with open_window(gimp, picture) as window:
        assert window.run("result = Gimp.version()") == gimp.version
        assert window.run("result = Gimp.get_images()[0].get_width()") == 30
        with pytest.raises(GimpError, match="ZeroDivisionError"):
            window.run("1 / 0")
