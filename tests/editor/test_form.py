"""From fields without a toolkit to an order, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from scumble_protocol.choices import MaskedContent, ResizeMode, Sampler, Schedule
from scumble_protocol.editor.canvas import Margins, Source
from scumble_protocol.editor.foreign_recipe import Recipe
from scumble_protocol.editor.form import OrderForm
from scumble_protocol.editor.guides import ControlLayer, RegionLayer
from scumble_protocol.editor.language import Language
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.editor.styles import SHIPPED, Styles
from scumble_protocol.editor.view import Light, View
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Size
from scumble_protocol.guides import ControlKind
from scumble_protocol.messages import Ability, ModelKind
from tests.client.passing_server import MODELS
from tests.editor.grey_canvas import GreyCanvas
from tests.editor.plain_fields import Advanced, Choice, Guides, Plain, Text

STARTER, LANCZOS = MODELS
VAE = dataclasses.replace(STARTER, id="vae", kind=ModelKind.VAE, fits=("sdxl",))
tr = Language({}).tr
CONTROL = ControlLayer(ControlKind.DEPTH, "sketch", weight=0.5, start=0.25, end=0.75, show=True)
ORDER = Order(
    Mode.REGENERATE,
    Settings(
        model="starter", prompt="a cat", negative="dogs", strength=0.3, sampler=Sampler.EULER,
        schedule=Schedule.BETA, steps=7, cfg=3.5, seed=9, count=3, grow=None, feather=2, padding=48,
        match_color=False, content=MaskedContent.NOISE, source=Source.ACTIVE_LAYER,
        area=Area.WHOLE, full_steps=True, passes=(0.4, 0.25), batch=2, clip_skip=2,
        cfg_rescale=0.75, invert=True, hires=0.25, target=Size(300, 200), resize=ResizeMode.CROP,
        only_faces=True, vae="vae", controls=(CONTROL,),
        regions=(RegionLayer("sketch", "a dog"), RegionLayer("empty", "a bird")),
    ),
    scale=3.5,
    upscaler="lanczos",
    margins=Margins(1, 2, 3, 4),
    style="comic",
    refine=0.25,
    second="lanczos",
    blend=0.75,
)  # fmt: skip


class Form(OrderForm):
    mode: Choice
    model: Choice
    sampler: Choice
    schedule: Choice
    upscaler: Choice
    style: Choice
    advanced: Advanced
    guides: Guides

    def __init__(self) -> None:
        self.tr = tr
        self.mode, self.model, self.sampler, self.upscaler = Choice(), Choice(), Choice(), Choice()
        self.style, self.schedule, self.second = Choice(), Choice(), Choice()
        self.prompt, self.negative = Text(), Text()
        self.strength, self.margins = Plain(1.0), Plain(Margins())
        self.refine, self.blend = Plain(0.0), Plain(0.0)
        self.scale, self.count = Plain(1.0), Plain(1.0)
        self.seed = Plain[int | None](None)
        self.advanced, self.guides = Advanced(tr), Guides(tr)
        self.shown: list[Mode] = []
        self.greyed: Mapping[str, str] = {}
        self.show_modes({})

    def show_mode(self) -> None:
        self.shown.append(Mode(self.mode.id()))

    def grey(self, reasons: Mapping[str, str]) -> None:
        self.greyed = reasons


@pytest.fixture
def form() -> Form:
    made = Form()
    made.show_layers(GreyCanvas().layers())
    made.fill(Order())
    return made


def view(**changes: object) -> View:
    shown = View(
        light=Light.ON, light_text="", status="", is_error=False,
        modes=dict.fromkeys(Mode, "") | {Mode.REMOVE: "Not yet."},
        models=(STARTER,), upscalers=(LANCZOS,), samplers=(Sampler.EULER, Sampler.DDIM),
        job=None, queued=0, can_run=True, can_start_server=False, is_starting=False,
        offers=(), preview=None,
        vaes=(VAE,), styles=Styles.read(SHIPPED),
    )  # fmt: skip
    return dataclasses.replace(shown, **changes)  # type: ignore[arg-type]


def test_what_is_filled_in_is_what_is_ordered(form: Form) -> None:
    assert form.order() == Order()
    form.fill(ORDER)
    assert form.order() == ORDER
    assert form.shown == [Mode.REGENERATE, Mode.REGENERATE]


def test_an_order_can_be_had_for_another_mode(form: Form) -> None:
    form.fill(ORDER)
    assert form.order(Mode.FILL) == dataclasses.replace(ORDER, mode=Mode.FILL)
    removal = form.order(Mode.REMOVE)
    assert (removal.settings.prompt, removal.style) == ("", ""), "what is not seen is not meant"
    assert removal.settings.controls == ()


def test_settings_are_used_again_with_what_no_result_knows_left_alone(form: Form) -> None:
    form.fill(dataclasses.replace(ORDER, mode=Mode.UPSCALE))
    form.reuse(Settings(prompt="a dog", seed=4))
    order = form.order()
    assert order.mode is Mode.REGENERATE, "an enlargement has no prompt"
    assert (order.settings.prompt, order.settings.seed) == ("a dog", 4)
    assert (order.settings.padding, order.settings.source) == (48, Source.ACTIVE_LAYER)
    assert order.settings.controls == (CONTROL,), "they name layers, which a result does not know"
    assert order.style == "", "its words are in the prompt already"


def test_settings_are_used_again_in_the_mode_that_is_set(form: Form) -> None:
    form.show_layers(GreyCanvas().layers())
    form.fill(Order(Mode.FILL))
    form.reuse(Settings(prompt="a dog"))
    assert form.order().mode is Mode.FILL


def test_the_model_of_the_server_sets_what_it_recommends(form: Form) -> None:
    form.show_view(view())
    settings = form.order().settings
    assert (settings.model, settings.steps, settings.cfg) == (
        STARTER.id, STARTER.steps, STARTER.cfg,
    )  # fmt: skip
    assert [item.id for item in form.sampler.items] == ["euler", "ddim"]
    assert [item.id for item in form.upscaler.items] == ["", "lanczos"]
    assert form.order().upscaler == "", "the one that suits the factor"
    assert {item.id for item in form.mode.items if not item.is_enabled} == {"remove"}


def test_a_painters_own_settings_of_a_model_stay(form: Form) -> None:
    form.fill(ORDER)
    form.show_view(view())
    form.show_view(view())
    assert form.order() == ORDER


def test_without_a_server_every_mode_may_be_tried(form: Form) -> None:
    form.show_view(view(light=Light.OFF, models=(), upscalers=(), samplers=()))
    assert form.upscaler.items == ()
    assert all(item.is_enabled for item in form.mode.items)
    form.follow_model()
    assert form.order().settings.steps == Settings().steps


def test_an_editor_says_which_fields_a_mode_needs_and_greys_them() -> None:
    with pytest.raises(NotImplementedError):
        OrderForm().show_mode()
    with pytest.raises(NotImplementedError):
        OrderForm().grey({})


def test_a_model_offers_its_own_samplers_and_what_fits_it(form: Form) -> None:
    flux = dataclasses.replace(
        STARTER, id="flux", samplers=(Sampler.FLOW_EULER,), sampler=Sampler.FLOW_EULER, base="flux"
    )
    form.fill(dataclasses.replace(ORDER, settings=dataclasses.replace(ORDER.settings, vae="")))
    form.show_view(view(models=(STARTER, flux), vaes=(VAE,)))
    assert [item.id for item in form.advanced.vae.items] == ["", "vae"], "nobody knows what fits"
    form.model.choose("flux")
    form.follow_model()
    assert [item.id for item in form.sampler.items] == ["flow_euler"]
    assert form.order().settings.sampler is Sampler.FLOW_EULER
    assert [item.id for item in form.advanced.vae.items] == [""]


def test_a_network_for_faces_is_chosen_as_a_model_and_changes_nothing_else(form: Form) -> None:
    faces = dataclasses.replace(STARTER, id="faces", kind=ModelKind.FACES, steps=0, cfg=0.0)
    form.show_view(view(faces=(faces,)))
    before = form.order().settings
    assert "Faces only" in form.model.items[1].tip
    form.model.choose("faces")
    form.follow_model()
    assert form.order().settings == dataclasses.replace(before, model="faces")


def test_a_sampler_that_the_model_has_not_gives_way_to_the_one_it_recommends(form: Form) -> None:
    model = dataclasses.replace(STARTER, samplers=(Sampler.LCM, Sampler.DDIM))
    form.fill(ORDER)
    form.show_view(view(models=(model,)))
    assert form.order().settings.sampler is Sampler.DDIM


def test_what_a_model_can_not_do_is_greyed_and_left_out(form: Form) -> None:
    simple = dataclasses.replace(STARTER, abilities=(Ability.NEGATIVE.value,))
    form.show_view(view(models=(simple,)))
    form.fill(ORDER)
    assert form.greyed["clip_skip"] == "Starter can't do this."
    assert "negative" not in form.greyed
    settings = form.order().settings
    assert (settings.clip_skip, settings.cfg_rescale, settings.vae) == (1, 0.0, "")
    assert settings.negative == "dogs"
    kinds = {item.id: item for item in form.guides.rows[0].kind.items}
    assert not kinds["region"].is_enabled
    assert kinds["control.canny"].tip == "Starter can't do this."
    form.show_view(view(models=(dataclasses.replace(STARTER, abilities=("lora",)),)))
    assert form.order().settings.negative == ""


def test_a_style_sets_what_it_says_besides_words(form: Form, tmp_path: Path) -> None:
    (tmp_path / "fast.json").write_text(
        '{"title": "Fast", "prompt": "{prompt}, fast", "model": "other", "sampler": "ddim",'
        ' "schedule": "sgm_uniform", "steps": 4, "cfg": 1.5}'
    )
    (tmp_path / "broken.json").write_text("[]")
    other = dataclasses.replace(STARTER, id="other")
    form.follow_style()
    form.show_view(view(models=(STARTER, other), styles=Styles.read(SHIPPED, tmp_path)))
    items = {item.id: item for item in form.style.items}
    assert items["fast"].tip == "{prompt}, fast\n{prompt}".removesuffix("\n{prompt}")
    assert not items["broken"].is_enabled
    assert "no JSON object" in items["broken"].tip
    form.style.choose("")
    form.follow_style()
    assert form.order().settings.model == "starter"
    form.style.choose("fast")
    form.follow_style()
    order = form.order()
    settings = order.settings
    assert (settings.model, settings.steps, settings.cfg) == ("other", 4, 1.5)
    assert (settings.sampler, settings.schedule) == (Sampler.DDIM, Schedule.SGM_UNIFORM)
    assert order.style == "fast"
    form.style.choose("comic")
    form.follow_style()
    assert form.order().settings.steps == 4, "one that says nothing of it"


@pytest.mark.parametrize("passes", ["x", "0.4 and 0.2", "2"])
def test_passes_that_make_no_sense_are_refused(form: Form, passes: str) -> None:
    form.advanced.passes.set_text(passes)
    with pytest.raises(RequestError, match="further pass"):
        form.order()


@pytest.mark.parametrize(
    ("written", "size"),
    [("300x200", Size(300, 200)), ("300 × 200", Size(300, 200)), (" ", None)],  # noqa: RUF001
)
def test_a_size_is_written_with_a_cross(form: Form, written: str, size: Size | None) -> None:
    form.advanced.target.set_text(written)
    assert form.order().settings.target == size


@pytest.mark.parametrize("written", ["300", "0x4", "-1x2", "a x b"])
def test_a_size_that_makes_no_sense_is_refused(form: Form, written: str) -> None:
    form.advanced.target.set_text(written)
    with pytest.raises(RequestError, match="size"):
        form.order()


def test_a_setting_without_a_field_stays_as_it_is(form: Form) -> None:
    del form.advanced.invert, form.advanced.vae
    form.fill(ORDER)
    form.show_view(view())
    settings = form.order().settings
    assert (settings.invert, settings.vae) == (False, "")


def test_what_a_file_says_is_set_and_the_rest_stays(form: Form) -> None:
    form.fill(ORDER)
    form.take(Recipe({"prompt": "a dog", "steps": 12}))
    settings = form.order().settings
    assert (settings.prompt, settings.steps, settings.negative) == ("a dog", 12, "dogs")
    assert settings.controls == (CONTROL,)


def test_a_sampler_offers_the_schedules_that_it_has(form: Form) -> None:
    form.show_view(view())
    form.fill(ORDER)
    assert form.schedule.id() == "beta"
    form.sampler.choose("ddim")
    form.follow_sampler()
    assert [item.id for item in form.schedule.items] == ["automatic", "sgm_uniform"]
    assert form.order().settings.schedule is Schedule.AUTOMATIC
