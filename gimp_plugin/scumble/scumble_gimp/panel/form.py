"""Everything that a painter sets for a job, on the way from widgets to an `Order` and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.advanced import Advanced
from scumble_gimp.panel.choice import Choice, Item
from scumble_gimp.panel.margins import MarginsField
from scumble_gimp.panel.number import NumberField
from scumble_gimp.panel.prompt import PromptField
from scumble_gimp.panel.rows import Rows
from scumble_gimp.panel.seed import SeedField
from scumble_gimp.panel.strength import StrengthField
from scumble_gimp.panel.style import GAP
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.names import SAMPLER_NAMES, mode_names, model_facts
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.recall import recall
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.view import Light, View
from scumble_protocol.messages import ModelInfo
from scumble_protocol.requests import Sampler

_MOST_VARIATIONS = 8


class Form:
    """Owns the fields; `Content` lays them out.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        self._tr = tr
        self._knows_models = False
        self._models: tuple[ModelInfo, ...] = ()
        self.changed: Callable[[], object] = _nothing
        self.mode = Choice("scumble_mode", tr("Mode"))
        self.prompt = PromptField(
            "scumble_prompt", (3, 8), tr("Prompt"), tr("What should be there?")
        )
        self.negative = PromptField(
            "scumble_negative", (1, 4), tr("Negative prompt"), tr("What should not be there?")
        )
        self.strength = StrengthField()
        self.margins = MarginsField(tr)
        self.scale = NumberField("scumble_scale", 1, 8, 0.5, unit="×")  # noqa: RUF001 (times)
        self.upscaler = Choice("scumble_upscaler", empty=tr("None yet"))
        self.count = NumberField(
            "scumble_count",
            1,
            _MOST_VARIATIONS,
            before="×",  # noqa: RUF001 (times)
        )
        self.count.field.set_width_chars(2)
        self.count.explain(tr("How many variations to make"))
        self.seed = SeedField(tr)
        self.model = Choice("scumble_model", empty=tr("None yet"))
        self.sampler = Choice("scumble_sampler")
        labels = Gtk.SizeGroup(mode=Gtk.SizeGroupMode.HORIZONTAL)
        self.advanced = Advanced(labels, tr)
        self.near = self._near(labels)
        self.far = self._far(labels)
        self.section = Gtk.Expander(name="scumble_advanced", label=tr("Advanced"))
        self.section.set_spacing(GAP)
        self.section.set_label_fill(True)
        self.section.add(self.advanced.widget)
        self.mode.chosen = self._show_mode
        self.model.chosen = self._follow_model
        self._show_modes(dict.fromkeys(Mode, ""))

    def order(self) -> Order:
        """What is set.

        Raises:
            RequestError: Something is out of its range.
        """
        mode = Mode(self.mode.id())
        settings = self.advanced.on(
            Settings(
                model=self.model.id(),
                # Removing needs no words, and those that are hidden are not meant.
                prompt="" if mode is Mode.REMOVE else self.prompt.text(),
                negative=self.negative.text(),
                strength=self.strength.value(),
                sampler=Sampler(self.sampler.id()),
                seed=self.seed.value(),
                count=self.count.whole(),
            )
        )
        return Order(
            mode=mode,
            settings=settings,
            scale=self.scale.value(),
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
        self._show_mode()

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
        self._show_modes(view.modes if view.light is Light.ON else dict.fromkeys(Mode, ""))
        self._models = view.models
        self.model.offer([_model_item(model) for model in view.models])
        self.upscaler.offer([_model_item(model) for model in view.upscalers])
        if view.samplers:
            self._offer_samplers(view.samplers)
        if view.models and not self._knows_models:
            self._knows_models = True
            if not self.model.has_wanted():  # else steps and sampler are the painter's own
                self._follow_model()

    def show_newest(self, variations: tuple[Variation, ...]) -> None:
        """The seed of the newest variation is the one to keep."""
        newest = recall(variations[0]) if variations else None
        self.seed.show_last(newest.seed if newest else None)

    def _show_modes(self, reasons: Mapping[Mode, str]) -> None:
        names = mode_names(self._tr)
        self.mode.offer(
            [
                Item(mode.value, names[mode], reasons[mode], is_enabled=not reasons[mode])
                for mode in Mode
            ]
        )

    def _show_mode(self) -> None:
        mode = Mode(self.mode.id())
        makes = mode is not Mode.UPSCALE
        is_worded = makes and mode is not Mode.REMOVE
        for field, is_shown in (
            (self.prompt, is_worded),
            (self.negative, is_worded),
            (self.count, makes),
            (self.near, mode not in {Mode.FILL, Mode.REMOVE}),
            (self.far, makes),
        ):
            field.widget.set_visible(is_shown)
        self.section.set_visible(makes)
        self.near.set_shown(self.strength.widget, mode in {Mode.REGENERATE, Mode.SKETCH})
        self.near.set_shown(self.margins.widget, mode is Mode.EXPAND)
        self.near.set_shown(self.scale.widget, not makes)
        self.near.set_shown(self.upscaler.widget, not makes)
        self.changed()

    def _follow_model(self) -> None:
        """Set what the chosen model recommends."""
        model = next((model for model in self._models if model.id == self.model.id()), None)
        if model is not None:
            settings = self.advanced.on(Settings()).for_model(model)
            self.advanced.fill(settings)
            self._choose_sampler(settings.sampler)

    def _choose_sampler(self, sampler: Sampler) -> None:
        if not self.sampler.id():
            self._offer_samplers(tuple(Sampler))
        self.sampler.choose(sampler.value)

    def _offer_samplers(self, samplers: tuple[Sampler, ...]) -> None:
        self.sampler.offer([Item(sampler.value, SAMPLER_NAMES[sampler]) for sampler in samplers])

    def _near(self, labels: Gtk.SizeGroup) -> Rows:
        tr = self._tr
        rows = Rows(labels)
        tip = tr("How much may change: 0 % is nothing, 100 % everything.")
        rows.add(tr("Strength"), self.strength.widget, tip, self.strength.slider)
        rows.add(tr("Add"), self.margins.widget, focus=self.margins.focus)
        rows.add(tr("Factor"), self.scale.widget, focus=self.scale.field)
        rows.add(tr("Upscaler"), self.upscaler.widget)
        return rows

    def _far(self, labels: Gtk.SizeGroup) -> Rows:
        tr = self._tr
        rows = Rows(labels)
        tip = tr("The same seed and settings give the same picture.")
        rows.add(tr("Seed"), self.seed.widget, tip, self.seed.number)
        rows.add(tr("Model"), self.model.widget)
        rows.add(tr("Sampler"), self.sampler.widget)
        return rows


def _model_item(model: ModelInfo) -> Item:
    return Item(model.id, model.title, model_facts(model))


def _nothing() -> None:
    """Nobody wants to know."""
