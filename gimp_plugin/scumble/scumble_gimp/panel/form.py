"""The fields for everything that a painter sets for a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.advanced import Advanced
from scumble_gimp.panel.choice import Choice
from scumble_gimp.panel.guides import Guides
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
from scumble_protocol.editor.view import View
from scumble_protocol.geometry import Size

_MOST_VARIATIONS = 8


class Form(OrderForm):
    """Owns the fields; `Content` lays them out.

    Args:
        canvas: Gives the size of the picture that is worked on; None if there is none.
        tr: Translates.
    """

    mode: Choice
    prompt: PromptField
    negative: PromptField
    style: Choice
    strength: StrengthField
    refine: StrengthField
    margins: MarginsField
    scale: NumberField
    upscaler: Choice
    second: Choice
    blend: StrengthField
    count: NumberField
    seed: SeedField
    model: Choice
    sampler: Choice
    schedule: Choice
    advanced: Advanced
    guides: Guides

    def __init__(self, canvas: Callable[[], Size | None], tr: Translate) -> None:
        self.tr = tr
        self.changed: Callable[[], object] = _nothing
        self.worded: Callable[[], object] = _nothing
        """Called when the prompt is another one, or is for another model."""
        self._tips: dict[str, str | None] = {}
        self._make_words()
        self._make_numbers(canvas)
        self._make_choices()
        labels = Gtk.SizeGroup(mode=Gtk.SizeGroupMode.HORIZONTAL)
        self.advanced = Advanced(labels, tr)
        self.guides = Guides(tr)
        self.near = self._near(labels)
        self.far = self._far(labels)
        self._rarer = self._rarer_rows(labels)
        self._enlarging = self._enlarging_rows(labels)
        self.sections = self._sections()
        self._listen()
        self.show_modes({})

    def show_view(self, view: View) -> None:
        """Offer what the server has."""
        super().show_view(view)
        for prompt in (self.prompt, self.negative):
            prompt.proposals.names = view.names

    def show_newest(self, variations: tuple[Variation, ...]) -> None:
        """The seed of the newest variation is the one to keep."""
        newest = recall(variations[0]) if variations else None
        self.seed.show_last(newest.seed if newest else None)

    def show_mode(self) -> None:
        """Show the fields that the chosen mode needs."""
        mode = Mode(self.mode.id())
        needs_model = mode not in {Mode.REMOVE, Mode.UPSCALE} or self.refine.value() > 0
        # How much of a sketch is kept is not for the painter to say.
        changes = mode is Mode.REGENERATE
        for widget, is_shown in (
            (self.prompt.widget, needs_model and mode is not Mode.REMOVE),
            (self.negative.widget, needs_model and mode is not Mode.REMOVE),
            (self.count.widget, needs_model and mode is not Mode.UPSCALE),
            (self.near.widget, mode not in {Mode.FILL, Mode.SKETCH}),
            (self.far.widget, needs_model),
            (self._of_guides, mode not in {Mode.REMOVE, Mode.UPSCALE}),
            (self._of_area, mode is not Mode.UPSCALE),
            (self._of_making, needs_model or mode is Mode.UPSCALE),
            (self._rarer.widget, needs_model),
            (self.advanced.rows.widget, needs_model),
            (self._enlarging.widget, mode is Mode.UPSCALE),
        ):
            widget.set_visible(is_shown)
        self._show_rows(mode, changes=changes)
        self.changed()

    def grey(self, reasons: Mapping[str, str]) -> None:
        """Grey the fields that have a reason here, which becomes their tooltip, and no others."""
        for name, widget in (
            ("negative", self.negative.widget),
            ("clip_skip", self.advanced.clip_skip.widget),
            ("cfg_rescale", self.advanced.cfg_rescale.widget),
            ("vae", self.advanced.vae.widget),
        ):
            reason = reasons.get(name, "")
            widget.set_sensitive(not reason)
            if reason:
                self._tips.setdefault(name, widget.get_tooltip_text())
                widget.set_tooltip_text(reason)
            elif name in self._tips:
                widget.set_tooltip_text(self._tips.pop(name))

    # From here on: details

    def _make_words(self) -> None:
        tr = self.tr
        what, what_not = tr("What should be there?"), tr("What should not be there?")
        self.prompt = PromptField("scumble_prompt", (3, 8), tr("Prompt"), what)
        self.negative = PromptField("scumble_negative", (1, 4), tr("Negative prompt"), what_not)

    def _make_numbers(self, canvas: Callable[[], Size | None]) -> None:
        tr = self.tr
        self.strength = StrengthField("scumble_strength")
        self.refine = StrengthField("scumble_refine")
        self.blend = StrengthField("scumble_blend")
        self.margins = MarginsField(canvas, tr)
        self.scale = NumberField("scumble_scale", 1, 16, 0.5, unit="×")  # noqa: RUF001 (times)
        times = "×"  # noqa: RUF001 (times)
        self.count = NumberField("scumble_count", 1, _MOST_VARIATIONS, before=times)
        self.count.field.set_width_chars(2)
        self.count.explain(tr("How many variations to make"))
        self.seed = SeedField(tr)

    def _make_choices(self) -> None:
        tr = self.tr
        self.mode = Choice("scumble_mode", tr("Mode"))
        self.style = Choice("scumble_style")
        self.upscaler = Choice("scumble_upscaler", empty=tr("None yet"))
        self.second = Choice("scumble_second", empty=tr("None yet"))
        self.model = Choice("scumble_model", empty=tr("None yet"))
        self.sampler = Choice("scumble_sampler")
        self.schedule = Choice("scumble_schedule")

    def _listen(self) -> None:
        self.mode.chosen = self.show_mode
        self.model.chosen = self._model_chosen
        self.style.chosen = self._style_chosen
        self.sampler.chosen = self.follow_sampler
        self.prompt.changed = self._prompt_written
        self.refine.changed = self.show_mode
        self.guides.changed = self._name_guides
        self._name_guides()

    def _prompt_written(self) -> None:
        self.worded()

    def _model_chosen(self) -> None:
        self.follow_model()
        self.worded()

    def _style_chosen(self) -> None:
        self.follow_style()
        self.worded()

    def _show_rows(self, mode: Mode, *, changes: bool) -> None:
        """Show single rows, of those that any mode has."""
        near, area = self.near, self.advanced.area_rows
        near.set_shown(self.strength.widget, changes)
        near.set_shown(self.margins.ratio.widget, mode is Mode.EXPAND)
        near.set_shown(self.margins.widget, mode is Mode.EXPAND)
        near.set_shown(self.scale.widget, mode is Mode.UPSCALE)
        near.set_shown(self.upscaler.widget, mode is Mode.UPSCALE)
        near.set_shown(self.refine.widget, mode in {Mode.REMOVE, Mode.UPSCALE})
        area.set_shown(self.advanced.area.widget, mode not in {Mode.EXPAND, Mode.REMOVE})
        area.set_shown(self.advanced.invert.widget, mode not in {Mode.EXPAND, Mode.REMOVE})
        area.set_shown(self.advanced.content.widget, changes)
        area.set_shown(self.advanced.only_faces.widget, changes)
        for field in (self.advanced.target, self.advanced.resize):
            self.advanced.rows.set_shown(field.widget, changes)

    def _near(self, labels: Gtk.SizeGroup) -> Rows:
        tr = self.tr
        rows = Rows(labels)
        tip = tr("How much may change: 0 % is nothing, 100 % everything.")
        refined = tr(
            "Has a model go over the result: 0 % is not at all, 100 % makes everything anew."
        )
        rows.add(tr("Strength"), self.strength.widget, tip, self.strength.slider)
        rows.add(
            tr("Ratio"),
            self.margins.ratio.widget,
            tr("Adds what the picture lacks to have this ratio."),
        )
        rows.add(tr("Add"), self.margins.widget, focus=self.margins.focus)
        rows.add(tr("Factor"), self.scale.widget, focus=self.scale.field)
        rows.add(tr("Upscaler"), self.upscaler.widget)
        rows.add(tr("Then refine"), self.refine.widget, refined, self.refine.slider)
        return rows

    def _far(self, labels: Gtk.SizeGroup) -> Rows:
        tr = self.tr
        rows = Rows(labels)
        tip = tr("The same seed and settings give the same picture.")
        rows.add(tr("Style"), self.style.widget, tr("Words around the prompt, ready made."))
        rows.add(tr("Seed"), self.seed.widget, tip, self.seed.number)
        rows.add(tr("Model"), self.model.widget)
        return rows

    def _rarer_rows(self, labels: Gtk.SizeGroup) -> Rows:
        rows = Rows(labels)
        rows.add(self.tr("Sampler"), self.sampler.widget)
        tip = self.tr("At which noise levels the sampler stops.")
        rows.add(self.tr("Schedule"), self.schedule.widget, tip)
        return rows

    def _enlarging_rows(self, labels: Gtk.SizeGroup) -> Rows:
        tr = self.tr
        rows = Rows(labels)
        mixed = tr("How much of the second upscaler is in the mixture.")
        rows.add(
            tr("Mix with"), self.second.widget, tr("Another upscaler, whose result is mixed in.")
        )
        rows.add(tr("Share"), self.blend.widget, mixed, self.blend.slider)
        return rows

    def _sections(self) -> tuple[Gtk.Expander, ...]:
        """What is folded up."""
        making = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=GAP)
        for rows in (self._enlarging, self._rarer, self.advanced.rows):
            making.pack_start(rows.widget, False, False, 0)
        self._of_guides = _fold("scumble_guides", "", self.guides.widget)
        area = self.advanced.area_rows.widget
        self._of_area = _fold("scumble_area_section", self.tr("Area"), area)
        self._of_making = _fold("scumble_advanced", self.tr("Advanced"), making)
        return self._of_guides, self._of_area, self._of_making

    def _name_guides(self) -> None:
        count = len(self.guides.rows)
        name = self.tr("Guides ({count})", count=count) if count else self.tr("Guides")
        self._of_guides.set_label(name)


def _fold(name: str, title: str, inside: Gtk.Widget) -> Gtk.Expander:
    fold = Gtk.Expander(name=name, label=title)
    fold.set_spacing(GAP)
    fold.set_label_fill(True)
    fold.add(inside)
    # What is folded up would still take the keys.
    inside.show_all()
    inside.hide()
    inside.set_no_show_all(True)
    fold.connect("notify::expanded", lambda *_: inside.set_visible(fold.get_expanded()))
    return fold


def _nothing() -> None:
    """Nobody wants to know."""
