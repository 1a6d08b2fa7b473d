"""The fields for everything that a painter sets for a job."""

from __future__ import annotations

from scumble_krita.advanced import Advanced
from scumble_krita.choice import Choice
from scumble_krita.margins import MarginsField
from scumble_krita.number import RealNumber, WholeNumber
from scumble_krita.prompt import PromptEdit
from scumble_krita.qt import QtCore
from scumble_krita.rows import Rows
from scumble_krita.section import Section
from scumble_krita.seed import SeedField
from scumble_krita.strength import StrengthSlider
from scumble_protocol.editor.form import OrderForm
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order

_MOST_VARIATIONS = 8


class Form(OrderForm, QtCore.QObject):
    """Owns the fields; `PanelWidget` lays them out.

    Args:
        tr: Translates.
    """

    changed = QtCore.pyqtSignal()
    """Another mode was chosen."""

    prompt: PromptEdit
    negative: PromptEdit
    count: WholeNumber
    seed: SeedField
    advanced: Advanced

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self.tr = tr
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
        self.mode.chosen.connect(self.show_mode)
        self.model.chosen.connect(self.follow_model)
        self.show_modes({})
        self.fill(Order())

    def show_mode(self) -> None:
        """Show the fields that the chosen mode needs."""
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

    def _near(self) -> Rows:
        tr = self.tr
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
        tr = self.tr
        rows = Rows()
        rows.add(tr("Seed"), self.seed, tr("The same seed and settings give the same picture."))
        rows.add(tr("Model"), self.model)
        rows.add(tr("Sampler"), self.sampler)
        return rows
