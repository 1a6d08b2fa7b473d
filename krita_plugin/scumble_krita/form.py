"""The fields for everything that a painter sets for a job."""

from __future__ import annotations

from collections.abc import Mapping

from scumble_krita.advanced import Advanced
from scumble_krita.choice import Choice
from scumble_krita.guides import GuideList
from scumble_krita.margins import MarginsField
from scumble_krita.number import RealNumber, WholeNumber
from scumble_krita.prompt import PromptEdit
from scumble_krita.qt import QtCore, QtWidgets
from scumble_krita.rows import Rows
from scumble_krita.section import Section
from scumble_krita.seed import SeedField
from scumble_krita.strength import StrengthSlider
from scumble_protocol.editor.fields import Item
from scumble_protocol.editor.form import OrderForm
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.ratios import PRESETS, Ratio, margins_for
from scumble_protocol.geometry import Size

_MOST_VARIATIONS = 16


class Form(OrderForm, QtCore.QObject):
    """Owns the fields; `PanelWidget` lays them out.

    Args:
        tr: Translates.
    """

    changed = QtCore.pyqtSignal()
    """Other fields are shown, for instance since another mode was chosen."""

    prompt: PromptEdit
    negative: PromptEdit
    mode: Choice
    style: Choice
    model: Choice
    sampler: Choice
    refine: StrengthSlider
    count: WholeNumber
    seed: SeedField
    second: Choice
    advanced: Advanced
    guides: GuideList

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self.tr = tr
        self._canvas: Size | None = None
        self._make_words()
        self._make_sizes()
        self._make_model()
        self.advanced = Advanced(tr)
        self.guides = GuideList(tr)
        self.near = self._near()
        self.far = self._far()
        self.section = Section(tr("Advanced"), self.advanced)
        self.guide_section = Section(tr("Guides"), self.guides, "scumble_guides")
        self._connect()
        self.show_modes({})
        self.fill(Order())

    def show_mode(self) -> None:
        """Show the fields that the chosen mode needs."""
        mode = Mode(self.mode.id())
        is_removal, is_upscale = mode is Mode.REMOVE, mode is Mode.UPSCALE
        has_model = not (is_removal or is_upscale) or self.refine.value() > 0
        is_worded = has_model and not is_removal
        self.prompt.setVisible(is_worded)
        self.negative.setVisible(is_worded)
        self.count.setVisible(not is_upscale and has_model)
        near = self.near
        near.set_shown(self.strength, mode is Mode.REGENERATE)
        near.set_shown(self.margins, mode is Mode.EXPAND)
        near.set_shown(self.ratio, mode is Mode.EXPAND)
        near.set_shown(self.scale, is_upscale)
        near.set_shown(self.upscaler, is_upscale)
        near.set_shown(self.second, is_upscale)
        near.set_shown(self.blend, is_upscale and bool(self.second.id()))
        near.set_shown(self.refine, is_removal or is_upscale)
        near.setVisible(mode not in {Mode.FILL, Mode.SKETCH})
        self.far.setVisible(has_model)
        self.far.set_shown(self.style, is_worded)
        self.advanced.show_for(mode, has_model=has_model)
        self.section.setVisible(has_model or is_removal)
        self.guide_section.setVisible(not (is_removal or is_upscale))
        self.changed.emit()

    def grey(self, reasons: Mapping[str, str]) -> None:
        """Grey what the chosen model can't do."""
        reason = reasons.get("negative", "")
        self.negative.setEnabled(not reason)
        self.negative.setToolTip(reason)
        for name in ("clip_skip", "cfg_rescale", "vae"):
            self.advanced.grey(getattr(self.advanced, name), reasons.get(name, ""))

    def show_canvas(self, size: Size | None) -> None:
        """The picture has this size now, which ratios are for."""
        self._canvas = size

    def show_memory(self, text: str) -> None:
        """Say how much memory a job takes, or nothing."""
        self.memory.setText(text)
        self.memory.setVisible(bool(text))

    def _make_words(self) -> None:
        tr = self.tr
        self.mode = Choice("scumble_mode", tr("Mode"))
        self.prompt = PromptEdit("scumble_prompt", (3, 8), tr("Prompt"))
        self.prompt.setPlaceholderText(tr("What should be there?"))
        self.negative = PromptEdit("scumble_negative", (1, 4), tr("Negative prompt"))
        self.negative.setPlaceholderText(tr("What should not be there?"))
        self.style = Choice("scumble_style")

    def _make_sizes(self) -> None:
        tr = self.tr
        self.strength = StrengthSlider()
        self.refine = StrengthSlider("scumble_refine")
        self.margins = MarginsField(tr)
        self.ratio = Choice("scumble_ratio")
        self.ratio.offer([Item("", tr("Free")), *(Item(str(each), str(each)) for each in PRESETS)])
        self.scale = RealNumber("scumble_scale", 1, 16, 0.5, " ×")  # noqa: RUF001 (times)
        self.upscaler = Choice("scumble_upscaler", empty=tr("None yet"))
        self.second = Choice("scumble_second", empty=tr("None yet"))
        self.blend = StrengthSlider("scumble_blend")

    def _make_model(self) -> None:
        tr = self.tr
        self.count = WholeNumber("scumble_count", 1, _MOST_VARIATIONS)
        self.count.setPrefix("× ")  # noqa: RUF001 (times)
        self.count.setAccessibleName(tr("Variations"))
        self.count.setToolTip(tr("How many variations to make"))
        self.seed = SeedField(tr)
        self.model = Choice("scumble_model", empty=tr("None yet"))
        self.sampler = Choice("scumble_sampler")
        self.schedule = Choice("scumble_schedule")
        self.memory = _quiet_line("scumble_memory")

    def _connect(self) -> None:
        self.mode.chosen.connect(self.show_mode)
        self.model.chosen.connect(self.follow_model)
        self.sampler.chosen.connect(self.follow_sampler)
        self.style.chosen.connect(self.follow_style)
        self.second.chosen.connect(self.show_mode)
        self.refine.changed.connect(self.show_mode)
        self.ratio.chosen.connect(self._follow_ratio)
        self.guides.changed.connect(self._count_guides)

    def _follow_ratio(self) -> None:
        if self._canvas is not None and self.ratio.id():
            self.margins.set_value(margins_for(self._canvas, Ratio.of(self.ratio.id())))

    def _count_guides(self) -> None:
        count = len(self.guides.rows)
        title = self.tr("Guides ({count})", count=count) if count else self.tr("Guides")
        self.guide_section.set_title(title)
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
        rows.add(tr("Ratio"), self.ratio, tr("Adds what the picture lacks to have this ratio."))
        rows.add(tr("Factor"), self.scale)
        rows.add(tr("Upscaler"), self.upscaler)
        rows.add(tr("Mix with"), self.second, tr("Another upscaler, whose result is mixed in."))
        rows.add(tr("Share"), self.blend, tr("How much of the second upscaler is in the mixture."))
        rows.add(
            tr("Then refine"),
            self.refine,
            tr("Has a model go over the result: 0 % is not at all, 100 % makes everything anew."),
        )
        return rows

    def _far(self) -> Rows:
        tr = self.tr
        rows = Rows()
        rows.add(tr("Style"), self.style, tr("Words around the prompt, ready made."))
        rows.add(tr("Seed"), self.seed, tr("The same seed and settings give the same picture."))
        rows.add(tr("Model"), self.model)
        rows.add("", self.memory, tr("How much memory this will take where the model runs."))
        rows.add(tr("Sampler"), self.sampler)
        rows.add(tr("Schedule"), self.schedule, tr("At which noise levels the sampler stops."))
        return rows


def _quiet_line(name: str) -> QtWidgets.QLabel:
    """A line that says something in passing, and is gone while there is nothing to say."""
    label = QtWidgets.QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setMinimumWidth(1)
    label.hide()
    return label
