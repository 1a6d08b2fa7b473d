"""From fields without a toolkit to an order, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Generic, TypeVar

import pytest

from scumble_protocol.choices import MaskedContent, Sampler
from scumble_protocol.editor.canvas import Margins, Source
from scumble_protocol.editor.form import (
    AdvancedFields,
    Item,
    OrderForm,
    content_items,
    source_items,
)
from scumble_protocol.editor.language import Language
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.view import Light, View
from tests.client.passing_server import MODELS

STARTER, LANCZOS = MODELS
tr = Language({}).tr
Kept = TypeVar("Kept")
ORDER = Order(
    Mode.REGENERATE,
    Settings(
        model="starter", prompt="a cat", negative="dogs", strength=0.3, sampler=Sampler.EULER,
        steps=7, cfg=3.5, seed=9, count=3, grow=1, feather=2, padding=48, match_color=False,
        content=MaskedContent.FILL, source=Source.ACTIVE_LAYER,
    ),
    scale=3.5,
    upscaler="lanczos",
    margins=Margins(1, 2, 3, 4),
)  # fmt: skip


class Plain(Generic[Kept]):
    """Shows whatever it is given."""

    def __init__(self, value: Kept) -> None:
        self._value = value

    def value(self) -> Kept:
        return self._value

    def set_value(self, value: Kept) -> None:
        self._value = value


class Text:
    def __init__(self) -> None:
        self._text = ""

    def text(self) -> str:
        return self._text

    def set_text(self, text: str) -> None:
        self._text = text


class Choice:
    """Chooses as a drop-down list does."""

    def __init__(self) -> None:
        self.items: tuple[Item, ...] = ()
        self._wanted = ""

    def offer(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)

    def choose(self, wanted: str) -> None:
        self._wanted = wanted

    def id(self) -> str:
        if self.has_wanted() or not self.items:
            return self._wanted
        return self.items[0].id

    def has_wanted(self) -> bool:
        return self._wanted in {item.id for item in self.items}


class Advanced(AdvancedFields):
    def __init__(self) -> None:
        self.steps, self.cfg = Plain(1.0), Plain(1.0)
        self.grow, self.feather, self.padding = Plain(0.0), Plain(0.0), Plain(0.0)
        self.content, self.source = Choice(), Choice()
        self.content.offer(content_items(tr))
        self.source.offer(source_items(tr))
        self.match_color = Plain(value=True)


class Form(OrderForm):
    mode: Choice
    model: Choice
    sampler: Choice
    upscaler: Choice

    def __init__(self) -> None:
        self.tr = tr
        self.mode, self.model, self.sampler, self.upscaler = Choice(), Choice(), Choice(), Choice()
        self.prompt, self.negative = Text(), Text()
        self.strength, self.margins = Plain(1.0), Plain(Margins())
        self.scale, self.count = Plain(1.0), Plain(1.0)
        self.seed = Plain[int | None](None)
        self.advanced = Advanced()
        self.shown: list[Mode] = []
        self.show_modes({})

    def show_mode(self) -> None:
        self.shown.append(Mode(self.mode.id()))


@pytest.fixture
def form() -> Form:
    made = Form()
    made.fill(Order())
    return made


def view(**changes: object) -> View:
    shown = View(
        light=Light.ON, light_text="", status="", is_error=False,
        modes=dict.fromkeys(Mode, "") | {Mode.REMOVE: "Not yet."},
        models=(STARTER,), upscalers=(LANCZOS,), samplers=(Sampler.EULER, Sampler.DDIM),
        job=None, queued=0, can_run=True, can_start_server=False, is_starting=False,
        offers=(), preview=None,
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
    assert form.order(Mode.REMOVE).settings.prompt == "", "words that are not seen are not meant"


def test_settings_are_used_again_with_what_no_result_knows_left_alone(form: Form) -> None:
    form.fill(dataclasses.replace(ORDER, mode=Mode.UPSCALE))
    form.reuse(Settings(prompt="a dog", seed=4))
    order = form.order()
    assert order.mode is Mode.REGENERATE, "an enlargement has no prompt"
    assert (order.settings.prompt, order.settings.seed) == ("a dog", 4)
    assert (order.settings.padding, order.settings.source) == (48, Source.ACTIVE_LAYER)


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


def test_an_editor_says_which_fields_a_mode_needs() -> None:
    with pytest.raises(NotImplementedError):
        OrderForm().show_mode()
