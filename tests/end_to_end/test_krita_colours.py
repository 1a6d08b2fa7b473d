"""Colours on their way into documents of a real Krita, and back."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from tests.end_to_end.krita_pictures import PictureInKrita

pytestmark = pytest.mark.editor


# What colours may lose on their way into a document and back, of 255 or 65,535.
SPACES: Final = {
    ("RGBA", "U8", "ClayRGB-elle-V2-g22.icc"): 2,
    ("RGBA", "U16", ""): 2,
    ("RGBA", "F16", ""): 64,
    ("RGBA", "F32", ""): 1,
    ("LABA", "U16", ""): 450,
    # Krita's own profile for CMYK does not lead back to where one came from.
    ("CMYKA", "U8", ""): 20,
    ("CMYKA", "U16", ""): 20 * 257,
    ("XYZA", "F32", ""): 400,
}


@pytest.mark.parametrize("space", SPACES, ids=lambda space: "-".join(space[:2]))
def test_colours_survive_the_way_into_a_document_and_back(
    picture: PictureInKrita, space: tuple[str, str, str]
) -> None:
    picture.open(90, 70, *space)
    is_deep = picture.ask("picture.depth().value") == "rgba16"
    # Colours that CMYK can print, too.
    colours = np.random.default_rng(3).integers(90, 166, (40, 50, 4)).astype(np.uint8)
    colours[..., 3] = 255
    sent = colours.astype(np.uint16) * 257 if is_deep else colours
    rect = (20, 10, 50, 40)
    assert picture.insert(rect, (sent, np.full((40, 50), 255, np.uint8))) == ""
    assert (
        picture.ask("document.rootNode().childNodes()[1].childNodes()[0].colorModel()") == space[0]
    )
    assert (
        picture.ask("document.rootNode().childNodes()[1].childNodes()[0].colorDepth()") == space[1]
    )
    read = picture.read(rect)
    difference = np.abs(read.astype(int) - sent.astype(int)).max()
    assert difference <= SPACES[space]


@pytest.mark.parametrize("depth", ["U8", "U16"])
def test_greys_survive_a_grey_document(picture: PictureInKrita, depth: str) -> None:
    picture.open(90, 70, "GRAYA", depth)
    greys = np.tile(np.arange(50, dtype=np.uint8)[:, None] * 5, (40, 1, 4))
    greys[..., 3] = 255
    sent = greys if depth == "U8" else greys.astype(np.uint16) * 257
    rect = (20, 10, 50, 40)
    assert picture.insert(rect, (sent, np.full((40, 50), 255, np.uint8))) == ""
    read = picture.read(rect)
    difference = np.abs(read.astype(int) - sent.astype(int)).max()
    assert difference <= (1 if depth == "U8" else 110)
