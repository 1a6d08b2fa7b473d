"""Everything that a painter sets for a job, on the way from widgets to an `Order` and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from scumble_krita.advanced import Advanced
from scumble_krita.choice import Choice, Item
from scumble_krita.margins import MarginsField
from scumble_krita.number import RealNumber, WholeNumber
from scumble_krita.prompt import PromptEdit
from scumble_krita.qt import QtCore
from scumble_krita.rows import Rows
from scumble_krita.section import Section
from scumble_krita.seed import SeedField
from scumble_krita.strength import StrengthSlider
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.names import SAMPLER_NAMES, mode_names, model_facts
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.view import Light, View
from scumble_protocol.messages import ModelInfo
from scumble_protocol.requests import Sampler

_MOST_VARIATIONS = 8


class Form(QtCore.QObject):
    """Owns the fields; `PanelWidget` lays them out.

    Args:
        tr: Translates.
    """

    changed = QtCore.pyqtSignal()
    """Another mode was chosen."""

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self._tr = tr
        self._knows_models = False
        self.mode = Choice("scumble_mode", tr("Mode"))
        self.prompt = PromptEdit("scumble_prompt", (3, 8), tr("Prompt"))
        self.prompt.setPlaceholderText(tr("What should be there?"))
        self.negative = PromptEdit("scumble_negative", (1, 4), tr("Negative prompt"))
        self.negative.setPlaceholderText(tr("What should not be there?"))
        self.strength = StrengthSlider()
        self.margins = MarginsField(tr)
        self.scale = RealNumber("scumble_scale", 1, 8, 0.5, " ×")  # noqa: RUF001 (times)
        self.upscaler = Choice("scumble_upscaler", empty=tr("None yet"))
        self.count = WholeNumber("scumble_count", 1, _MOST_VARIATIONS)
        self.count.setPrefix("× ")  # noqa: RUF001 (times)
        self.count.setAccessibleName(tr("Variations"))
        self.count.setToolTip(tr("How many variations to make"))
        self.seed = SeedField(tr)
        self.model = Choice("scumble_model", empty=tr("None yet"))
        self.sampler = Choice("scumble_sampler")
        self.advanced = Advanced(tr)
        self.near = self._near()
        self.far = self._far()
        self.section = Section(tr("Advanced"), self.advanced)
        self.mode.chosen.connect(self._show_mode)
        self.model.chosen.connect(self._follow_model)
        self._models: tuple[ModelInfo, ...] = ()
        self._show_modes(dict.fromkeys(Mode, ""))
        self.fill(Order())

    def order(self, mode: Mode | None = None) -> Order:
        """What is set, for the mode that is shown or for another one.

        Raises:
            RequestError: Something is out of its range.
        """
        chosen = mode or Mode(self.mode.id())
        settings = self.advanced.on(
            Settings(
                model=self.model.id(),
                # Removing needs no words, and those that are hidden are not meant.
                prompt="" if chosen is Mode.REMOVE else self.prompt.text(),
                negative=self.negative.text(),
                strength=self.strength.value(),
                sampler=Sampler(self.sampler.id()),
                seed=self.seed.value(),
                count=int(self.count.value()),
            )
        )
        return Order(
            mode=chosen,
            settings=settings,
            scale=round(float(self.scale.value()), 1),
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
        self.scale.setValue(order.scale)
        self.upscaler.choose(order.upscaler)
        self.count.setValue(settings.count)
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
        keeps = mode in {Mode.REGENERATE, Mode.SKETCH}
        self.prompt.setVisible(makes and mode is not Mode.REMOVE)
        self.negative.setVisible(makes and mode is not Mode.REMOVE)
        self.count.setVisible(makes)
        self.near.set_shown(self.strength, keeps)
        self.near.set_shown(self.margins, mode is Mode.EXPAND)
        self.near.set_shown(self.scale, not makes)
        self.near.set_shown(self.upscaler, not makes)
        self.far.setVisible(makes)
        self.section.setVisible(makes)
        self.near.setVisible(mode not in {Mode.FILL, Mode.REMOVE})
        self.changed.emit()

    def _follow_model(self) -> None:
        """Set what the chosen model recommends."""
        model = next((model for model in self._models if model.id == self.model.id()), None)
        if model is not None:
            settings = self.advanced.on(Settings()).for_model(model)
            self.advanced.fill(settings)
            self._choose_sampler(settings.sampler)

    def _choose_sampler(self, sampler: Sampler) -> None:
        if not self.sampler.count():
            self._offer_samplers(tuple(Sampler))
        self.sampler.choose(sampler.value)

    def _offer_samplers(self, samplers: tuple[Sampler, ...]) -> None:
        self.sampler.offer([Item(sampler.value, SAMPLER_NAMES[sampler]) for sampler in samplers])

    def _near(self) -> Rows:
        tr = self._tr
        rows = Rows()
        rows.add(
            tr("Strength"),
            self.strength,
            tr("How much may change: 0 % is nothing, 100 % everything."),
        )
        rows.add(tr("Add"), self.margins)
        rows.add(tr("Factor"), self.scale)
        rows.add(tr("Upscaler"), self.upscaler)
        return rows

    def _far(self) -> Rows:
        tr = self._tr
        rows = Rows()
        rows.add(tr("Seed"), self.seed, tr("The same seed and settings give the same picture."))
        rows.add(tr("Model"), self.model)
        rows.add(tr("Sampler"), self.sampler)
        return rows


def _model_item(model: ModelInfo) -> Item:
    return Item(model.id, model.title, model_facts(model))
