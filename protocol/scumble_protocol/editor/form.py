"""From a panel's fields to an `Order` and back; the editors only make the fields and place them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.editor.advanced import AdvancedFields
from scumble_protocol.editor.canvas import LayerInfo, Margins
from scumble_protocol.editor.fields import ChoiceField, Field, Item, NumberField, TextField
from scumble_protocol.editor.foreign_recipe import Recipe
from scumble_protocol.editor.guide_rows import GuideOffer, GuideRows
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.names import mode_names, model_facts
from scumble_protocol.editor.offered import (
    fitting_items,
    lacking,
    model_item,
    sampler_items,
    schedule_items,
    style_items,
)
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.view import Light, View
from scumble_protocol.messages import ModelInfo


class OrderForm:
    """Everything that a painter sets for a job; an editor's class makes the fields.

    That class sets `tr` and the fields, calls `show_modes` with no reasons, and says in `show_mode`
    which fields are seen. Where the painter chooses a mode, it calls `show_mode`; where a model,
    `follow_model`; where a style, `follow_style`; and `show_layers` whenever the picture's layers
    changed.
    """

    tr: Translate
    mode: ChoiceField
    prompt: TextField
    negative: TextField
    style: ChoiceField
    strength: Field[float]
    refine: Field[float]
    """The strength of a pass over what removing or enlarging made."""
    margins: Field[Margins]
    scale: NumberField
    upscaler: ChoiceField
    second: ChoiceField
    blend: Field[float]
    count: NumberField
    seed: Field[int | None]
    model: ChoiceField
    sampler: ChoiceField
    schedule: ChoiceField
    advanced: AdvancedFields
    guides: GuideRows

    view: View | None = None
    """What was shown last."""
    _layers: tuple[LayerInfo, ...] = ()
    _knows_models = False
    _greyed: Mapping[str, str] = {}

    def show_mode(self) -> None:
        """Show the fields that the chosen mode needs."""
        # No abstract class: Qt's have a metaclass of their own, and Python allows but one.
        raise NotImplementedError

    def grey(self, reasons: Mapping[str, str]) -> None:
        """Grey the fields that have a reason here, which becomes their tooltip, and no others.

        Args:
            reasons: By the name of a field, here or in `advanced`.
        """
        raise NotImplementedError

    @property
    def chosen_model(self) -> ModelInfo | None:
        """The model that is chosen, as far as the server has it."""
        models = self.view.models if self.view else ()
        return next((model for model in models if model.id == self.model.id()), None)

    def order(self, mode: Mode | None = None) -> Order:
        """What is set, for the mode that is shown or for another one; what is greyed is left out.

        Raises:
            RequestError: Something is out of its range, or a guide is not complete.
        """
        chosen = mode or Mode(self.mode.id())
        settings = Settings(
            model=self.model.id(),
            # Removing needs no words, and those that are hidden are not meant.
            prompt="" if chosen is Mode.REMOVE else self.prompt.text(),
            negative="" if "negative" in self._greyed else self.negative.text(),
            strength=self.strength.value(),
            sampler=Sampler(self.sampler.id()),
            schedule=Schedule(self.schedule.id()),
            seed=self.seed.value(),
            count=round(self.count.value()),
        )
        settings = self.advanced.on(settings, self._greyed)
        if chosen not in {Mode.REMOVE, Mode.UPSCALE}:
            settings = self.guides.on(settings)
        return Order(
            mode=chosen,
            settings=settings,
            scale=round(self.scale.value(), 1),
            upscaler=self.upscaler.id(),
            margins=self.margins.value(),
            style="" if chosen is Mode.REMOVE else self.style.id(),
            refine=self.refine.value(),
            second=self.second.id(),
            blend=self.blend.value(),
        )

    def fill(self, order: Order) -> None:
        """Show an order."""
        self.mode.choose(order.mode.value)
        self.style.choose(order.style)
        self.refine.set_value(order.refine)
        self.margins.set_value(order.margins)
        self.scale.set_value(order.scale)
        self.upscaler.choose(order.upscaler)
        self.second.choose(order.second)
        self.blend.set_value(order.blend)
        self.guides.fill(order.settings)
        self._fill(order.settings)

    def reuse(self, settings: Settings) -> None:
        """Show the settings of an earlier result; what it does not know stays as it is."""
        if self.mode.id() == Mode.UPSCALE.value:
            self.mode.choose(Mode.REGENERATE.value)
        self.style.choose("")  # its words are in the prompt already
        self._fill(settings, ("padding", "source", "area"))

    def take(self, recipe: Recipe) -> None:
        """Show what a picture file says of how it was made; what it does not say stays.

        Raises:
            RequestError: What stays is out of its range.
        """
        self.reuse(dataclasses.replace(self.order(Mode.REGENERATE).settings, **recipe.said))

    def show_view(self, view: View) -> None:
        """Offer what the server has."""
        self.view = view
        # Without a server nobody knows what it will offer.
        self.show_modes(view.modes if view.light is Light.ON else {})
        self.style.offer(style_items(view.styles, self.tr))
        self.model.offer([*map(model_item, view.models), *self._face_items(view.faces)])
        suiting = Item("", self.tr("Automatic"), self.tr("The one that suits the factor"))
        self.upscaler.offer(self._upscaler_items(view.upscalers, suiting))
        self.second.offer(self._upscaler_items(view.upscalers, Item("", self.tr("None"))))
        if view.models and not self._knows_models:
            self._knows_models = True
            if not self.model.has_wanted():  # else steps and sampler are the painter's own
                self.follow_model()
        self._show_model()

    def show_layers(self, layers: tuple[LayerInfo, ...]) -> None:
        """Offer these layers, those of the picture that is worked on."""
        if layers != self._layers:
            self._layers = layers
            self._offer_guides()

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
        model = self.chosen_model
        if model is not None:
            self._set({name: getattr(model, name) for name in _RECOMMENDED})
        self._show_model()

    def follow_sampler(self) -> None:
        """Offer the schedules that the chosen sampler has."""
        self.schedule.offer(schedule_items(Sampler(self.sampler.id()), self.tr))

    def follow_style(self) -> None:
        """Set what the chosen style asks for besides words."""
        style = self.view.styles.usable.get(self.style.id()) if self.view else None
        if style is not None:
            if style.model:
                self.model.choose(style.model)
                self.follow_model()
            self._set(style.sets)

    # From here on: details

    def _fill(self, settings: Settings, left_out: Collection[str] = ()) -> None:
        self.prompt.set_text(settings.prompt)
        self.negative.set_text(settings.negative)
        self.strength.set_value(settings.strength)
        self.count.set_value(settings.count)
        self.seed.set_value(settings.seed)
        self.model.choose(settings.model)
        self._set({name: getattr(settings, name) for name in _RECOMMENDED})
        self.advanced.fill(settings, left_out)
        self._show_model()
        self.show_mode()

    def _set(self, values: Mapping[str, Any]) -> None:
        """Show what a model or a style sets."""
        self._offer_samplers()
        for name in ("steps", "cfg"):
            if name in values:
                getattr(self.advanced, name).set_value(values[name])
        if "sampler" in values:
            self.sampler.choose(values["sampler"].value)
        self.follow_sampler()
        if "schedule" in values:
            self.schedule.choose(values["schedule"].value)

    def _show_model(self) -> None:
        """Offer what goes with the chosen model, and grey what it can't do."""
        model = self.chosen_model
        self._offer_samplers()
        if model is not None and not self.sampler.has_wanted():
            self.sampler.choose(model.sampler.value)
            self.follow_sampler()
            self.schedule.choose(model.schedule.value)
        if self.view and self.view.models and hasattr(self.advanced, "vae"):
            own = self.tr("The model's own")
            self.advanced.vae.offer(fitting_items(self.view.vaes, model, own))
        self._greyed = lacking(model, self.tr)
        self.grey(self._greyed)
        self._offer_guides()

    def _offer_samplers(self) -> None:
        model = self.chosen_model
        known = self.view.samplers if self.view else ()
        self.sampler.offer(sampler_items((model and model.samplers) or known or tuple(Sampler)))
        self.follow_sampler()

    def _offer_guides(self) -> None:
        view = self.view
        self.guides.offer(
            GuideOffer(
                self._layers,
                self.chosen_model,
                view.controls if view else (),
                view.references if view else (),
                {name: self._greyed[name] for name in _GUIDES if name in self._greyed},
            )
        )

    def _face_items(self, models: tuple[ModelInfo, ...]) -> list[Item]:
        only = self.tr("Repairs faces and nothing else; “Faces only” has to be on.")
        return [Item(model.id, model.title, f"{model_facts(model)}\n{only}") for model in models]

    @staticmethod
    def _upscaler_items(models: tuple[ModelInfo, ...], first: Item) -> list[Item]:
        return [first, *(model_item(model) for model in models)] if models else []


_RECOMMENDED = ("steps", "cfg", "sampler", "schedule")
_GUIDES = ("controls", "references", "regions")
