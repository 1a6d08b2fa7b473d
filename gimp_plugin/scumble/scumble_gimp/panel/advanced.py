"""The settings that most pictures can leave alone."""

from __future__ import annotations

from typing import Any

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.automatic import AutomaticField
from scumble_gimp.panel.choice import Choice
from scumble_gimp.panel.line import LineField
from scumble_gimp.panel.number import NumberField
from scumble_gimp.panel.rows import Rows
from scumble_gimp.panel.strength import StrengthField
from scumble_gimp.panel.switch import Switch
from scumble_protocol.editor.advanced import AdvancedFields
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.offered import area_items, content_items, resize_items, source_items

_Row = tuple[Any, ...]
"""What `Rows.add` takes."""


class Advanced(AdvancedFields):
    """Fields for the rarer settings; `area_rows` are about what is worked on, `rows` about how.

    Args:
        labels: Makes the labels as wide as others.
        tr: Translates.
    """

    grow: AutomaticField
    feather: AutomaticField
    padding: NumberField
    area: Choice
    content: Choice
    source: Choice
    invert: Switch
    only_faces: Switch
    match_color: Switch
    steps: NumberField
    full_steps: Switch
    cfg: NumberField
    cfg_rescale: NumberField
    clip_skip: NumberField
    passes: LineField
    hires: StrengthField
    batch: NumberField
    vae: Choice
    target: LineField
    resize: Choice

    def __init__(self, labels: Gtk.SizeGroup, tr: Translate) -> None:
        self.area_rows = Rows(labels)
        self._make_area(tr)
        for row in self._area(tr):
            self.area_rows.add(*row)
        self.rows = Rows(labels)
        self._make_sampling(tr)
        for row in self._sampling(tr):
            self.rows.add(*row)

    def _make_area(self, tr: Translate) -> None:
        self.area = Choice("scumble_area")
        self.area.offer(area_items(tr))
        self.grow = AutomaticField("scumble_grow", 1024, tr)
        self.feather = AutomaticField("scumble_feather", 1024, tr)
        self.padding = NumberField("scumble_padding", 0, 4096, 16, unit="px")
        self.content = Choice("scumble_content")
        self.content.offer(content_items(tr))
        self.source = Choice("scumble_source")
        self.source.offer(source_items(tr))
        self.invert = Switch("scumble_invert", tr("All but the selection"))
        self.only_faces = Switch("scumble_only_faces", tr("Faces only"))
        self.match_color = Switch("scumble_match_color", tr("Match colours at the rim"))

    def _make_sampling(self, tr: Translate) -> None:
        self.steps = NumberField("scumble_steps", 1, 200)
        self.full_steps = Switch("scumble_full_steps", tr("All steps at any strength"))
        self.cfg = NumberField("scumble_cfg", 1, 30, 0.5)
        self.cfg_rescale = NumberField("scumble_cfg_rescale", 0, 1, 0.05)
        self.clip_skip = NumberField("scumble_clip_skip", 1, 12)
        self.passes = LineField("scumble_passes", tr("none"))
        self.hires = StrengthField("scumble_hires")
        self.batch = NumberField("scumble_batch", 1, 16)
        self.vae = Choice("scumble_vae")
        self.target = LineField("scumble_target", tr("as the picture"))
        self.resize = Choice("scumble_resize")
        self.resize.offer(resize_items(tr))

    def _area(self, tr: Translate) -> tuple[_Row, ...]:
        grown = tr("How far the new part reaches beyond the selection.")
        soft = tr("How wide the soft rim of the new part is.")
        seen = tr("How much around the selection the model sees.")
        return (
            (tr("Work on"), self.area.widget),
            (tr("Grow"), self.grow.widget, grown, self.grow.field),
            (tr("Feather"), self.feather.widget, soft, self.feather.field),
            (tr("Context"), self.padding.widget, seen, self.padding.field),
            (tr("Start from"), self.content.widget),
            (tr("Look at"), self.source.widget),
            ("", self.invert.widget, tr("Inpaint not masked: what is selected stays.")),
            ("", self.only_faces.widget, tr("Makes only the faces in the selection anew.")),
            ("", self.match_color.widget),
        )

    def _sampling(self, tr: Translate) -> tuple[_Row, ...]:
        more = tr("More steps take longer and may look better.")
        full = tr("Else a strength of 50 % runs half of the steps, as elsewhere.")
        followed = tr("How closely to follow the prompt; 1 is not at all.")
        rescaled = tr("CFG rescale: takes back the contrast that a high CFG adds; 0 is not at all.")
        skipped = tr("1 is as the model was made.")
        again = tr("Strengths of further passes over the result, for instance 0.4, 0.2.")
        drawn = tr("Draws detail into an area too large to be made at once; 0 % only scales it.")
        together = tr("How many variations are made at once.")
        sized = tr("The picture's new size, for instance 1024 x 768.")
        return (
            (tr("Steps"), self.steps.widget, more, self.steps.field),
            ("", self.full_steps.widget, full),
            (tr("CFG"), self.cfg.widget, followed, self.cfg.field),
            (tr("CFG rescale"), self.cfg_rescale.widget, rescaled, self.cfg_rescale.field),
            (tr("CLIP skip"), self.clip_skip.widget, skipped, self.clip_skip.field),
            (tr("Passes"), self.passes.widget, again),
            (tr("Detail"), self.hires.widget, drawn, self.hires.slider),
            (tr("Batch"), self.batch.widget, together, self.batch.field),
            (tr("VAE"), self.vae.widget),
            (tr("Size"), self.target.widget, sized),
            (tr("Resize"), self.resize.widget, tr("How the picture is brought to its new size.")),
        )
