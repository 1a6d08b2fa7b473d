"""The fields for everything that a painter sets for a job."""

from __future__ import annotations

from collections.abc import Callable

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.advanced import Advanced
from scumble_gimp.panel.choice import Choice
from scumble_gimp.panel.margins import MarginsField
from scumble_gimp.panel.number import NumberField
from scumble_gimp.panel.prompt import PromptField
from scumble_gimp.panel.rows import Rows
from scumble_gimp.panel.seed import SeedField
from scumble_gimp.panel.strength import StrengthField
from scumble_gimp.panel.style import GAP
from scumble_protocol.editor.form import OrderForm
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.recall import recall

_MOST_VARIATIONS = 8


class Form(OrderForm):
    """Owns the fields; `Content` lays them out.

    Args:
        tr: Translates.
    """

    mode: Choice
    prompt: PromptField
    negative: PromptField
    strength: StrengthField
    margins: MarginsField
    scale: NumberField
    upscaler: Choice
    count: NumberField
    seed: SeedField
    model: Choice
    sampler: Choice
    advanced: Advanced

    def __init__(self, tr: Translate) -> None:
        self.tr = tr
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
        self.mode.chosen = self.show_mode
        self.model.chosen = self.follow_model
        self.show_modes({})

    def show_newest(self, variations: tuple[Variation, ...]) -> None:
        """The seed of the newest variation is the one to keep."""
        newest = recall(variations[0]) if variations else None
        self.seed.show_last(newest.seed if newest else None)

    def show_mode(self) -> None:
        """Show the fields that the chosen mode needs."""
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

    def _near(self, labels: Gtk.SizeGroup) -> Rows:
        tr = self.tr
        rows = Rows(labels)
        tip = tr("How much may change: 0 % is nothing, 100 % everything.")
        rows.add(tr("Strength"), self.strength.widget, tip, self.strength.slider)
        rows.add(tr("Add"), self.margins.widget, focus=self.margins.focus)
        rows.add(tr("Factor"), self.scale.widget, focus=self.scale.field)
        rows.add(tr("Upscaler"), self.upscaler.widget)
        return rows

    def _far(self, labels: Gtk.SizeGroup) -> Rows:
        tr = self.tr
        rows = Rows(labels)
        tip = tr("The same seed and settings give the same picture.")
        rows.add(tr("Seed"), self.seed.widget, tip, self.seed.number)
        rows.add(tr("Model"), self.model.widget)
        rows.add(tr("Sampler"), self.sampler.widget)
        return rows


def _nothing() -> None:
    """Nobody wants to know."""
