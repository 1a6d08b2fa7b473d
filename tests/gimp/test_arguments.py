"""From the values of a procedure's arguments to an order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from scumble_gimp.arguments import ARGUMENTS, Choice, Number, Switch, Text, order_of
from scumble_protocol.checks import MAX_SEED
from scumble_protocol.choices import MaskedContent, Sampler
from scumble_protocol.editor.canvas import Margins, Source
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import RequestError
from scumble_protocol.messages import ModelInfo, ModelKind


def model(name: str, kind: ModelKind = ModelKind.DIFFUSION) -> ModelInfo:
    return ModelInfo(
        id=name,
        title=name,
        kind=kind,
        family="sd1",
        native_side=512,
        max_side=1024,
        multiple=8,
        inpaint=False,
        loaded=False,
        bytes=0,
        scale=0,
        steps=11,
        cfg=3.5,
        sampler=Sampler.LCM,
    )


MODELS = (model("big", ModelKind.UPSCALER), model("first"), model("second"))


@dataclass
class Typed:
    """Values of arguments: the defaults, and what was typed; GIMP gives None for empty texts."""

    mode: Mode
    typed: dict[str, Any] = field(default_factory=dict)

    def get_property(self, name: str) -> Any:
        (argument,) = (a for a in ARGUMENTS[self.mode].all if a.name == name)
        default = None if isinstance(argument, Text) else argument.default
        return self.typed.get(name, default)


def settings(mode: Mode = Mode.REGENERATE, **typed: Any) -> Settings:
    values = {name.replace("_", "-"): value for name, value in typed.items()}
    return order_of(mode, Typed(mode, values), MODELS).settings


def test_without_a_word_everything_is_as_the_model_and_scumble_recommend() -> None:
    recommended = Settings().for_model(MODELS[1])
    assert settings() == Settings(
        sampler=recommended.sampler, steps=recommended.steps, cfg=recommended.cfg
    )
    assert settings().steps == 11


def test_what_is_typed_counts() -> None:
    made = settings(
        prompt="  a cat ",
        negative="dogs",
        strength=0.25,
        count=3,
        seed=" 42 ",
        model="second",
        sampler="heun",
        steps=7,
        cfg=2.0,
        grow=0,
        feather=1,
        padding=2,
        match_color=False,
        content="fill",
        source="active_layer",
    )
    assert made == Settings(
        prompt="a cat",
        negative="dogs",
        strength=0.25,
        count=3,
        seed=42,
        model="second",
        sampler=Sampler.HEUN,
        steps=7,
        cfg=2.0,
        grow=0,
        feather=1,
        padding=2,
        match_color=False,
        content=MaskedContent.FILL,
        source=Source.ACTIVE_LAYER,
    )


def test_what_fills_has_no_strength_and_expanding_has_margins() -> None:
    order = order_of(Mode.EXPAND, Typed(Mode.EXPAND, {"left": 8, "bottom": 4}), MODELS)
    assert order.margins == Margins(left=8, bottom=4)
    assert order.effective.strength == 1.0
    assert settings(Mode.FILL, prompt="grass").prompt == "grass"


def test_enlarging_has_a_scale_and_an_upscaler() -> None:
    order = order_of(Mode.UPSCALE, Typed(Mode.UPSCALE, {"scale": 3.0, "model": "big"}), MODELS)
    assert (order.mode, order.scale, order.upscaler) == (Mode.UPSCALE, 3.0, "big")


def test_a_model_that_is_not_offered_is_left_for_the_studio_to_refuse() -> None:
    assert settings(model="moonlight").model == "moonlight"
    assert settings(model="moonlight").steps == Settings().steps


@pytest.mark.parametrize("seed", ["-1", "4.0", "cat", str(MAX_SEED + 1), "²"])
def test_a_seed_is_a_whole_number(seed: str) -> None:
    with pytest.raises(RequestError, match="The seed is"):
        settings(seed=seed)


def test_every_seed_that_a_record_may_have_can_be_typed() -> None:
    assert settings(seed=str(MAX_SEED)).seed == MAX_SEED


def test_defaults_lie_in_their_ranges_and_underlined_letters_differ() -> None:
    of_the_dialog = set("hrcosl")  # Help, Reset, Cancel, OK, Save, Load
    for arguments in ARGUMENTS.values():
        letters = [a.label.partition("_")[2][:1].lower() for a in arguments.all if "_" in a.label]
        assert len(letters) == len(set(letters))
        assert not of_the_dialog & set(letters)
        for argument in arguments.all:
            if isinstance(argument, Number):
                assert argument.low <= argument.default <= argument.high
            elif isinstance(argument, Choice):
                assert argument.default in argument.options
            else:
                assert isinstance(argument, (Switch, Text))
