"""A sketch is held to its lines where a ControlNet for them is there, else painted over."""

from __future__ import annotations

import dataclasses
from typing import cast

import pytest

from scumble_protocol.choices import MaskedContent, Sampler
from scumble_protocol.editor.guides import ControlLayer
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.ordering import start
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.sketch import sketch_settings
from scumble_protocol.editor.studio import Studio
from scumble_protocol.editor.styles import Styles
from scumble_protocol.guides import ControlKind
from scumble_protocol.messages import ModelInfo, ModelKind
from scumble_protocol.requests import MAX_GUIDES

STARTER = ModelInfo(
    id="starter",
    title="Starter",
    kind=ModelKind.DIFFUSION,
    family="sd1",
    native_side=256,
    max_side=512,
    multiple=32,
    inpaint=False,
    loaded=False,
    bytes=0,
    scale=0,
    steps=20,
    cfg=4.0,
    sampler=Sampler.EULER,
    base="unet-192",
)
REAL = dataclasses.replace(STARTER, id="real", base="sd1")
NET = dataclasses.replace(
    STARTER, id="controlnet/lines", kind=ModelKind.CONTROL, base="", fits=("sd1",)
)


def net(*controls: str) -> ModelInfo:
    return dataclasses.replace(NET, controls=controls)


@pytest.mark.parametrize(
    ("controls", "kind"),
    [
        (("scribble",), ControlKind.SCRIBBLE),
        (("lineart",), ControlKind.LINEART),
        (("canny", "lineart", "scribble"), ControlKind.SCRIBBLE),
    ],
)
def test_lines_are_held_by_a_control_that_fits(
    controls: tuple[str, ...], kind: ControlKind
) -> None:
    made = sketch_settings(Settings(model="real", strength=0.3), (STARTER, REAL, net(*controls)))
    assert made.controls == (ControlLayer(kind),)
    assert made.strength == 1


@pytest.mark.parametrize(
    ("model", "controls"),
    [
        ("real", ("depth",)),
        ("starter", ("scribble",)),
        ("", ("scribble",)),
        ("gone", ("scribble",)),
    ],
)
def test_without_one_the_sketch_is_painted_over(model: str, controls: tuple[str, ...]) -> None:
    asked = Settings(model=model, content=MaskedContent.NOISE, prompt="a fox")
    made = sketch_settings(asked, (STARTER, REAL, net(*controls)))
    assert made.controls == ()
    assert made.strength == 0.75
    assert made.content is MaskedContent.ORIGINAL
    assert made.prompt == "a fox"


def test_the_first_model_is_meant_where_none_is_chosen() -> None:
    made = sketch_settings(Settings(), (REAL, STARTER, net("scribble")))
    assert made.controls == (ControlLayer(ControlKind.SCRIBBLE),)


def test_a_control_of_the_painter_s_own_is_left_as_it_is() -> None:
    own = ControlLayer(ControlKind.LINEART, "ink", weight=0.6)
    made = sketch_settings(Settings(model="real", controls=(own,)), (REAL, net("scribble")))
    assert made.controls == (own,)
    assert made.strength == 1


def test_other_controls_are_kept_beside_it() -> None:
    depth = ControlLayer(ControlKind.DEPTH, "layer")
    models = (REAL, net("scribble"))
    made = sketch_settings(Settings(model="real", controls=(depth,)), models)
    assert made.controls == (depth, ControlLayer(ControlKind.SCRIBBLE))
    full = sketch_settings(Settings(model="real", controls=(depth,) * MAX_GUIDES), models)
    assert full.controls == (depth,) * MAX_GUIDES
    assert full.strength == 0.75


class Asked:
    """A studio that only remembers what it was asked for."""

    models = (REAL, net("scribble"))

    def regenerate(self, settings: Settings) -> str:
        self.settings = settings
        return "job"


def test_the_mode_sketch_is_done_so() -> None:
    studio = Asked()
    order = Order(mode=Mode.SKETCH, settings=Settings(model="real", prompt="a fox"))
    start(cast("Studio", studio), order, cast("Styles", None))
    assert studio.settings == sketch_settings(order.settings, studio.models)
    assert studio.settings.controls
