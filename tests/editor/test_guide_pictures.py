"""The pictures of controls, references and regions, read from layers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scumble_protocol.editor.canvas import Margins, Snapshot
from scumble_protocol.editor.draft import draft_expansion, draft_regeneration
from scumble_protocol.editor.guide_pictures import read_guides
from scumble_protocol.editor.guides import ControlLayer, ReferenceLayer, RegionLayer
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import ControlKind, ReferenceKind
from scumble_protocol.messages import Limits
from scumble_protocol.pixels import PixelFormat, Pixels
from scumble_protocol.requests import Regenerate
from tests.client.passing_server import MODELS
from tests.editor.grey_canvas import SELECTED, GreyCanvas

ALL = Settings(
    grow=0,
    feather=0,
    padding=0,
    controls=(
        ControlLayer(ControlKind.CANNY, "sketch", weight=0.5),
        ControlLayer(ControlKind.DEPTH),
    ),
    references=(
        ReferenceLayer(ReferenceKind.STYLE, "sketch"),
        ReferenceLayer(ReferenceKind.FACE),
    ),
    regions=(RegionLayer("group", "a dog"),),
)


def test_each_guide_gets_the_picture_of_its_layer() -> None:
    canvas = GreyCanvas()
    request, blobs = draft_regeneration(canvas, ALL, MODELS[0], Limits())()
    assert isinstance(request, Regenerate)
    whole = Rect(0, 0, 100, 80)
    assert request.context == whole, "as much as the model likes best"
    canny, depth = request.controls
    assert (canny.kind, canny.weight, canny.image.size) == (ControlKind.CANNY, 0.5, whole.size)
    assert depth.image == request.image, "the picture itself"
    style, face = request.references
    assert style.image.size == SELECTED.size, "as large as the layer is, wherever it lies"
    assert face.image.size == whole.size
    (region,) = request.regions
    assert (region.prompt, region.mask.format) == ("a dog", PixelFormat.GRAY8)
    assert set(blobs[region.mask.blob]) == {0x80}, "the layer's alpha"
    assert [layer for layer, _ in canvas.read_layers] == ["sketch", "sketch", "group"]
    assert {image.blob for image in request.blobs} == set(blobs)


def test_of_a_deep_layer_the_upper_bits_of_its_alpha_count() -> None:
    class DeepCanvas(GreyCanvas):
        def read_layer(self, layer: str, rect: Rect) -> Snapshot:
            return lambda: Pixels(Size(2, 1), PixelFormat.RGBA16, bytes(6) + b"\x01\x02" + bytes(8))

    settings = Settings(regions=(RegionLayer("sketch", "a dog"),))
    read: Mapping[str, Snapshot] = read_guides(DeepCanvas(), settings, Rect(0, 0, 2, 1))
    assert read["region 0"]().data == b"\x02\x00"


@pytest.mark.parametrize("layer", ["gone", "empty"])
def test_a_reference_to_nothing_is_refused_before_a_pixel_is_read(layer: str) -> None:
    settings = Settings(references=(ReferenceLayer(ReferenceKind.STYLE, layer),))
    with pytest.raises(RequestError, match="gone, or has nothing in it"):
        read_guides(GreyCanvas(), settings, SELECTED)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(controls=(ControlLayer(ControlKind.CANNY, "gone"),)),
        Settings(regions=(RegionLayer("gone", "a dog"),)),
        Settings(references=(ReferenceLayer(ReferenceKind.STYLE, "empty"),)),
    ],
)
def test_a_canvas_is_not_expanded_for_a_layer_that_is_gone(settings: Settings) -> None:
    canvas = GreyCanvas()
    with pytest.raises(RequestError, match="gone"):
        draft_expansion(canvas, settings, Margins(left=8), MODELS[0], Limits())
    assert canvas.size == Size(100, 80)


def test_a_canvas_is_expanded_before_its_layers_are_read() -> None:
    canvas = GreyCanvas()
    request, _ = draft_expansion(canvas, ALL, Margins(left=8), MODELS[0], Limits())()
    assert isinstance(request, Regenerate)
    assert canvas.read_layers[0] == ("sketch", request.context)
