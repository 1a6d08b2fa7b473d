"""From a panel's fields to an `Order` and back; the editors only make the fields and place them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from scumble_protocol.choices import MaskedContent, Sampler
from scumble_protocol.editor.canvas import Margins, Source
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.names import SAMPLER_NAMES, mode_names, model_facts
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.view import Light, View
from scumble_protocol.messages import ModelInfo

Value = TypeVar("Value")


@dataclass(frozen=True)
class Item:
    """One line of a list to choose from.

    Args:
        id: What it stands for.
        title: What it shows.
        tip: Its tooltip.
        is_enabled: Whether it can be chosen.
    """

    id: str
    title: str
    tip: str = ""
    is_enabled: bool = True


class Field(Protocol[Value]):
    """Shows a value, which the painter can change."""

    def value(self) -> Value:
        """What is shown."""
        ...

    def set_value(self, value: Value) -> None:
        """Show something else."""
        ...


class NumberField(Protocol):
    """Shows a number; fields for whole numbers round it."""

    def value(self) -> float:
        """What is shown."""
        ...

    def set_value(self, value: float) -> None:
        """Show something else."""
        ...


class TextField(Protocol):
    """Shows a text, which the painter can write in."""

    def text(self) -> str:
        """What is written."""
        ...

    def set_text(self, text: str) -> None:
        """Write something else."""
        ...


class ChoiceField(Protocol):
    """Shows one of several items."""

    def offer(self, items: Sequence[Item]) -> None:
        """Show these; what was chosen stays chosen if it is among them."""
        ...

    def choose(self, wanted: str) -> None:
        """Choose this id, now or once it is offered; the first one while it is not."""
        ...

    def id(self) -> str:
        """What is chosen; what was wanted as long as nothing is offered."""
        ...

    def has_wanted(self) -> bool:
        """Whether what was wanted is among what is offered."""
        ...


class AdvancedFields:
    """What most painters leave as it is; an editor's class makes the fields."""

    steps: NumberField
    cfg: NumberField
    grow: NumberField
    feather: NumberField
    padding: NumberField
    content: ChoiceField
    source: ChoiceField
    match_color: Field[bool]

    def on(self, settings: Settings) -> Settings:
        """The settings with what is set here.

        Raises:
            RequestError: Something is out of its range.
        """
        return dataclasses.replace(
            settings,
            steps=round(self.steps.value()),
            cfg=round(self.cfg.value(), 1),
            grow=round(self.grow.value()),
            feather=round(self.feather.value()),
            padding=round(self.padding.value()),
            content=MaskedContent(self.content.id()),
            source=Source(self.source.id()),
            match_color=self.match_color.value(),
        )

    def fill(self, settings: Settings) -> None:
        """Show these settings."""
        self.steps.set_value(settings.steps)
        self.cfg.set_value(settings.cfg)
        self.grow.set_value(settings.grow)
        self.feather.set_value(settings.feather)
        self.padding.set_value(settings.padding)
        self.content.choose(settings.content.value)
        self.source.choose(settings.source.value)
        self.match_color.set_value(settings.match_color)


def content_items(tr: Translate) -> tuple[Item, ...]:
    """What the model may find under the mask."""
    return (
        Item(
            MaskedContent.ORIGINAL.value,
            tr("What is there"),
            tr("The new part is made from what is in the selection."),
        ),
        Item(
            MaskedContent.FILL.value,
            tr("The surroundings"),
            tr("The selection is first filled with the colours around it."),
        ),
    )


def source_items(tr: Translate) -> tuple[Item, ...]:
    """What of the picture the model may see."""
    return (
        Item(Source.VISIBLE.value, tr("All that is visible")),
        Item(Source.WITHOUT_RESULTS.value, tr("All but Scumble's layers")),
        Item(Source.ACTIVE_LAYER.value, tr("The active layer alone")),
    )


class OrderForm:
    """Everything that a painter sets for a job; an editor's class makes the fields.

    That class sets `tr` and the fields, calls `show_modes` with no reasons, and says in `show_mode`
    which fields are seen. Where the painter chooses a mode, it calls `show_mode`; where a model,
    `follow_model`.
    """

    tr: Translate
    mode: ChoiceField
    prompt: TextField
    negative: TextField
    strength: Field[float]
    margins: Field[Margins]
    scale: NumberField
    upscaler: ChoiceField
    count: NumberField
    seed: Field[int | None]
    model: ChoiceField
    sampler: ChoiceField
    advanced: AdvancedFields

    models: tuple[ModelInfo, ...] = ()
    _knows_models = False
    _samplers: tuple[Sampler, ...] = ()

    def show_mode(self) -> None:
        """Show the fields that the chosen mode needs."""
        # No abstract class: Qt's have a metaclass of their own, and Python allows but one.
        raise NotImplementedError

    def order(self, mode: Mode | None = None) -> Order:
        """What is set, for the mode that is shown or for another one.

        Raises:
            RequestError: Something is out of its range.
        """
        chosen = mode or Mode(self.mode.id())
        settings = Settings(
            model=self.model.id(),
            # Removing needs no words, and those that are hidden are not meant.
            prompt="" if chosen is Mode.REMOVE else self.prompt.text(),
            negative=self.negative.text(),
            strength=self.strength.value(),
            sampler=Sampler(self.sampler.id()),
            seed=self.seed.value(),
            count=round(self.count.value()),
        )
        return Order(
            mode=chosen,
            settings=self.advanced.on(settings),
            scale=round(self.scale.value(), 1),
            upscaler=self.upscaler.id(),
            margins=self.margins.value(),
        )

    def fill(self, order: Order) -> None:
        """Show an order."""
        settings = order.settings
        self.mode.choose(order.mode.value)
        self.prompt.set_text(settings.prompt)
        self.negative.set_text(settings.negative)
        self.strength.set_value(settings.strength)
        self.margins.set_value(order.margins)
        self.scale.set_value(order.scale)
        self.upscaler.choose(order.upscaler)
        self.count.set_value(settings.count)
        self.seed.set_value(settings.seed)
        self.model.choose(settings.model)
        self._choose_sampler(settings.sampler)
        self.advanced.fill(settings)
        self.show_mode()

    def reuse(self, settings: Settings) -> None:
        """Show the settings of an earlier result; what it does not know stays as it is."""
        order = self.order()
        here = order.settings
        self.fill(
            dataclasses.replace(
                order,
                mode=Mode.REGENERATE if order.mode is Mode.UPSCALE else order.mode,
                settings=dataclasses.replace(settings, padding=here.padding, source=here.source),
            )
        )

    def show_view(self, view: View) -> None:
        """Offer what the server has."""
        # Without a server nobody knows what it will offer.
        self.show_modes(view.modes if view.light is Light.ON else {})
        self.models = view.models
        self.model.offer([_model_item(model) for model in view.models])
        self.upscaler.offer(self._upscaler_items(view.upscalers))
        if view.samplers:
            self._offer_samplers(view.samplers)
        if view.models and not self._knows_models:
            self._knows_models = True
            if not self.model.has_wanted():  # else steps and sampler are the painter's own
                self.follow_model()

    def show_modes(self, reasons: Mapping[Mode, str]) -> None:
        """Offer the modes; those that have a reason not to be chosen are greyed."""
        names = mode_names(self.tr)
        self.mode.offer(
            [
                Item(mode.value, names[mode], reason, is_enabled=not reason)
                for mode in Mode
                for reason in (reasons.get(mode, ""),)
            ]
        )

    def follow_model(self) -> None:
        """Set what the chosen model recommends."""
        model = next((model for model in self.models if model.id == self.model.id()), None)
        if model is not None:
            settings = self.advanced.on(Settings()).for_model(model)
            self.advanced.fill(settings)
            self._choose_sampler(settings.sampler)

    def _upscaler_items(self, models: tuple[ModelInfo, ...]) -> list[Item]:
        if not models:
            return []
        suiting = Item("", self.tr("Automatic"), self.tr("The one that suits the factor"))
        return [suiting, *(_model_item(model) for model in models)]

    def _choose_sampler(self, sampler: Sampler) -> None:
        if not self._samplers:
            self._offer_samplers(tuple(Sampler))
        self.sampler.choose(sampler.value)

    def _offer_samplers(self, samplers: tuple[Sampler, ...]) -> None:
        self._samplers = samplers
        self.sampler.offer([Item(sampler.value, SAMPLER_NAMES[sampler]) for sampler in samplers])


def _model_item(model: ModelInfo) -> Item:
    return Item(model.id, model.title, model_facts(model))
