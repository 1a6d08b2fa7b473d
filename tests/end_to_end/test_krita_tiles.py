"""Krita's pixels stay where they are while our documents come and go."""

from __future__ import annotations

import re

import pytest

from tests.end_to_end.editors.krita import Krita
from tests.end_to_end.editors.processes import wait_for
from tests.end_to_end.krita_pictures import PictureInKrita
from tests.timing import MS

pytestmark = pytest.mark.editor


def test_krita_moves_no_pixels_when_a_small_picture_is_closed(
    picture: PictureInKrita, krita_with_scumble: Krita
) -> None:
    # Krita does so when few tiles are left, and crashes if another thread paints meanwhile.
    picture.open(90, 70)
    log = krita_with_scumble.folder / "krita.log"
    before = log.stat().st_size
    picture.close()

    def left() -> list[str]:
        said = log.read_bytes()[before:].decode("utf-8", "replace")
        return re.findall(r"memory has been cancelled: there are still (\d+) tiles", said)

    tiles = wait_for(left, 20_000 * MS, "word of Krita on its tiles")
    assert min(map(int, tiles)) >= 100
