"""Controls, references and regions in a panel's list."""

from __future__ import annotations

import dataclasses

import pytest

from scumble_protocol.editor.canvas import LayerInfo
from scumble_protocol.editor.guide_rows import (
    REGION,
    GuideOffer,
    GuideRow,
    GuideRows,
    layer_items,
)
from scumble_protocol.editor.guides import ControlLayer, ReferenceLayer, RegionLayer
from scumble_protocol.editor.language import Language
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import RequestError
from scumble_protocol.guides import ControlKind, ReferenceKind
from scumble_protocol.messages import ModelKind
from tests.client.passing_server import MODELS
from tests.editor.plain_fields import Guides, Row

STARTER = MODELS[0]
LAYERS = (
    LayerInfo("group", "Regions", None, is_group=True),
    LayerInfo("sky", "a blue sky", None, group="group"),
    LayerInfo("inner", "Inner", None, group="group", is_group=True),
    LayerInfo("deep", "Deep", None, group="inner"),
    LayerInfo("sketch", "Sketch", None),
)
CANNY = dataclasses.replace(STARTER, id="canny", kind=ModelKind.CONTROL, controls=("canny",))
UNION = dataclasses.replace(STARTER, id="union", kind=ModelKind.CONTROL, fits=("sdxl",))
FACE = dataclasses.replace(STARTER, id="face", kind=ModelKind.REFERENCE)
OFFER = GuideOffer(LAYERS, STARTER, (CANNY, UNION), (FACE,))
ALL = Settings(
    controls=(
        ControlLayer(ControlKind.POSE, "sketch", False, "union", 0.5, 0.25, 0.75, True),
        ControlLayer(ControlKind.CANNY),
    ),
    references=(ReferenceLayer(ReferenceKind.FACE, "sky", "face", 1.5, 0.0, 0.5),),
    regions=(RegionLayer("sketch", "a dog"), RegionLayer("sky", "the sea")),
)


@pytest.fixture
def guides() -> Guides:
    made = Guides(Language({}).tr)
    made.offer(OFFER)
    return made


def ids(row: Row, field: str) -> list[str]:
    return [item.id for item in getattr(row, field).items]


def test_what_is_shown_comes_back(guides: Guides) -> None:
    guides.add()
    guides.fill(ALL)
    assert len(guides.rows) == 5
    assert guides.on(Settings()) == ALL
    guides.fill(Settings())
    assert guides.rows == []


def test_regions_are_listed_like_layers_with_the_topmost_first(guides: Guides) -> None:
    guides.fill(ALL)
    assert [row.prompt.text() for row in guides.rows[3:]] == ["the sea", "a dog"]


def test_a_new_row_is_a_control_of_the_picture_itself(guides: Guides) -> None:
    guides.add()
    assert guides.on(Settings()).controls == (ControlLayer(ControlKind.CANNY),)


def test_each_kind_shows_its_own_fields_and_models(guides: Guides) -> None:
    guides.add()
    (row,) = guides.rows
    assert ids(row, "model") == ["", "canny", "union"]
    assert "preprocess" in row.shown
    row.kind.choose("control.depth")
    row.kind_chosen()
    assert ids(row, "model") == ["", "union"], "the other one is for edges"
    row.kind.choose("reference.style")
    row.kind_chosen()
    assert ids(row, "model") == ["", "face"]
    assert "preprocess" not in row.shown
    row.kind.choose(REGION)
    row.kind_chosen()
    assert row.shown == ("prompt",)
    assert row.layer.items[0].title == "Choose a layer"


def test_a_model_that_is_known_not_to_fit_is_not_offered(guides: Guides) -> None:
    guides.add()
    guides.offer(dataclasses.replace(OFFER, model=dataclasses.replace(STARTER, base="sd1")))
    assert ids(guides.rows[0], "model") == ["", "canny"]
    guides.offer(dataclasses.replace(OFFER, model=None))
    assert ids(guides.rows[0], "model") == ["", "canny", "union"]


def test_a_region_without_a_prompt_has_the_name_of_its_layer(guides: Guides) -> None:
    guides.add(RegionLayer("sky", ""))
    assert guides.on(Settings()).regions == (RegionLayer("sky", "a blue sky"),)


def test_a_group_without_a_prompt_has_a_region_for_each_of_its_layers(guides: Guides) -> None:
    guides.add(RegionLayer("group", ""))
    assert guides.on(Settings()).regions == (
        RegionLayer("inner", "Inner"),
        RegionLayer("sky", "a blue sky"),
    ), "from bottom to top"
    guides.rows[0].prompt.set_text("all of it")
    assert guides.on(Settings()).regions == (RegionLayer("group", "all of it"),)


@pytest.mark.parametrize(
    ("guide", "said"),
    [
        (RegionLayer("", "a dog"), "A region has no layer"),
        (RegionLayer("gone", "a dog"), "A region has no layer"),
        (ControlLayer(ControlKind.CANNY, "gone"), "is gone"),
    ],
)
def test_a_layer_that_is_not_there_is_refused(
    guides: Guides, guide: ControlLayer | RegionLayer, said: str
) -> None:
    guides.add(guide)
    with pytest.raises(RequestError, match=said) as caught:
        guides.on(Settings())
    assert caught.value.hint


def test_more_guides_than_a_request_can_have_are_refused(guides: Guides) -> None:
    for _ in range(9):
        guides.add()
    with pytest.raises(RequestError, match="is 9"):
        guides.on(Settings())


def test_layers_are_indented_as_in_the_editor() -> None:
    titles = [item.title for item in layer_items(LAYERS)]
    assert [len(title) - len(title.lstrip("\u2003")) for title in titles] == [0, 1, 1, 2, 0]


def test_an_editor_makes_the_rows() -> None:
    with pytest.raises(NotImplementedError):
        GuideRows().new_row()
    with pytest.raises(NotImplementedError):
        GuideRows().remove(GuideRow())
    with pytest.raises(NotImplementedError):
        GuideRow().show_fields(())
