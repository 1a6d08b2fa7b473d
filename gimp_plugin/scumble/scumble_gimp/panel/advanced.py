"""The settings that most pictures can leave alone."""

from __future__ import annotations

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.choice import Choice
from scumble_gimp.panel.number import NumberField
from scumble_gimp.panel.rows import Rows
from scumble_gimp.panel.switch import Switch
from scumble_protocol.editor.form import AdvancedFields, content_items, source_items
from scumble_protocol.editor.language import Translate


class Advanced(AdvancedFields):
    """Fields for the rarer settings.

    Args:
        labels: Makes the labels as wide as others.
        tr: Translates.
    """

    def __init__(self, labels: Gtk.SizeGroup, tr: Translate) -> None:
        self.steps = NumberField("scumble_steps", 1, 200)
        self.cfg = NumberField("scumble_cfg", 1, 30, 0.5)
        self.grow = NumberField("scumble_grow", 0, 1024, unit="px")
        self.feather = NumberField("scumble_feather", 0, 1024, unit="px")
        self.padding = NumberField("scumble_padding", 0, 4096, 16, unit="px")
        self.content = content = Choice("scumble_content")
        content.offer(content_items(tr))
        self.source = source = Choice("scumble_source")
        source.offer(source_items(tr))
        self.match_color = Switch("scumble_match_color", tr("Match colours at the rim"))
        rows = Rows(labels)
        for text, number, tip in (
            (tr("Steps"), self.steps, tr("More steps take longer and may look better.")),
            (tr("CFG"), self.cfg, tr("How closely to follow the prompt; 1 is not at all.")),
            (tr("Grow"), self.grow, tr("How far the new part reaches beyond the selection.")),
            (tr("Feather"), self.feather, tr("How wide the soft rim of the new part is.")),
            (tr("Context"), self.padding, tr("How much around the selection the model sees.")),
        ):
            rows.add(text, number.widget, tip, number.field)
        rows.add(tr("Start from"), content.widget)
        rows.add(tr("Look at"), source.widget)
        rows.add("", self.match_color.widget)
        self.widget = rows.widget
