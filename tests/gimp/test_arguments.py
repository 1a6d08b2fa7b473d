"""From the values of a procedure's arguments to an order."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import pytest

from scumble_gimp.arguments import ARGUMENTS, Choice, Number, Switch, Text
from scumble_gimp.wishes import Surroundings, order_of
from scumble_protocol.checks import MAX_SEED
from scumble_protocol.choices import MaskedContent, Sampler, Schedule
from scumble_protocol.editor.canvas import Margins, Source
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.editor.styles import Style, Styles
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Size
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
        schedule=Schedule.SGM_UNIFORM,
    )


MODELS = (model("big", ModelKind.UPSCALER), model("first"), model("second"))
STYLES = Styles({"ink": Style("ink", "Ink", "{prompt}, ink", "colours", model="second", steps=9)})
AROUND = Surroundings(MODELS, STYLES, Size(300, 200))


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
    return order_of(mode, Typed(mode, values), AROUND).settings


def test_without_a_word_everything_is_as_the_model_and_scumble_recommend() -> None:
    recommended = Settings().for_model(MODELS[1])
    assert settings() == dataclasses.replace(recommended, model="")
    assert settings().schedule is Schedule.SGM_UNIFORM
    assert settings().steps == 11


def test_a_sampler_that_lacks_the_models_schedule_comes_with_its_own() -> None:
    assert settings(sampler="ddim").schedule is Schedule.SGM_UNIFORM
    assert settings(sampler="ddim", schedule="beta").schedule is Schedule.BETA
    simple = dataclasses.replace(MODELS[1], schedule=Schedule.SIMPLE)
    typed = Typed(Mode.REGENERATE, {"sampler": "ddim"})
    order = order_of(Mode.REGENERATE, typed, dataclasses.replace(AROUND, models=(simple,)))
    assert order.settings.schedule is Schedule.AUTOMATIC


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
        schedule="beta",
        full_steps=True,
        cfg_rescale=0.5,
        clip_skip=2,
        passes="0.4, 0.2",
        hires=0.3,
        batch=2,
        vae="mse",
        area="whole",
        invert=True,
        only_faces=True,
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
        schedule=Schedule.BETA,
        full_steps=True,
        cfg_rescale=0.5,
        clip_skip=2,
        passes=(0.4, 0.2),
        hires=0.3,
        batch=2,
        vae="mse",
        area=Area.WHOLE,
        invert=True,
        only_faces=True,
    )


def test_the_rim_can_be_left_to_scumble() -> None:
    made = settings(grow=-1, feather=-1)
    assert (made.grow, made.feather) == (None, None)


def test_a_style_sets_what_is_not_chosen() -> None:
    typed = Typed(Mode.FILL, {"prompt": "a cat", "style": "ink"})
    order = order_of(Mode.FILL, typed, AROUND)
    assert (order.style, order.settings.prompt) == ("ink", "a cat")
    made = order.settings
    assert (made.model, made.steps, made.sampler) == ("second", 9, Sampler.LCM)
    chosen = settings(style="ink", model="first", steps=4)
    assert (chosen.model, chosen.steps) == ("first", 4)
    with pytest.raises(RequestError, match="There is no style 'oil'"):
        settings(style="oil")


def test_further_passes_are_numbers() -> None:
    with pytest.raises(RequestError, match="'soon'"):
        settings(passes="soon")


def test_what_is_taken_away_has_a_rim_and_a_seed_and_no_words() -> None:
    made = settings(Mode.REMOVE, grow=3, feather=-1, padding=7, seed="5")
    assert order_of(Mode.REMOVE, Typed(Mode.REMOVE, {"refine": 0.2}), AROUND).refine == 0.2
    assert made == Settings(
        sampler=Sampler.LCM,
        schedule=Schedule.SGM_UNIFORM,
        steps=11,
        cfg=3.5,
        grow=3,
        feather=None,
        padding=7,
        seed=5,
    )


def test_what_fills_has_no_strength_and_expanding_has_margins() -> None:
    order = order_of(Mode.EXPAND, Typed(Mode.EXPAND, {"left": 8, "bottom": 4}), AROUND)
    assert order.margins == Margins(left=8, bottom=4)
    assert order.effective.strength == 1.0
    typed = Typed(Mode.EXPAND, {"left": 8, "ratio": "2:1", "anchor": "right"})
    assert order_of(Mode.EXPAND, typed, AROUND).margins == Margins(left=100)
    assert settings(Mode.FILL, prompt="grass").prompt == "grass"


def test_enlarging_has_a_scale_and_an_upscaler() -> None:
    typed = Typed(Mode.UPSCALE, {"scale": 3.0, "model": "big"})
    order = order_of(Mode.UPSCALE, typed, AROUND)
    assert (order.mode, order.scale, order.upscaler) == (Mode.UPSCALE, 3.0, "big")
    assert (order.refine, order.second, order.settings.model) == (0.0, "", "")
    more = {"second": "lanczos", "blend": 0.25, "refine": 0.3, "refiner": "second", "prompt": "a"}
    order = order_of(Mode.UPSCALE, Typed(Mode.UPSCALE, more), AROUND)
    assert (order.second, order.blend, order.refine) == ("lanczos", 0.25, 0.3)
    assert (order.settings.model, order.settings.prompt) == ("second", "a")


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
