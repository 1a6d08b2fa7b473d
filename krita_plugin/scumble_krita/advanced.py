"""The settings that most pictures can leave alone."""

from __future__ import annotations

from scumble_krita.choice import Choice
from scumble_krita.number import RealNumber, WholeNumber
from scumble_krita.rows import Rows
from scumble_krita.switch import Switch
from scumble_protocol.editor.form import AdvancedFields, Item, content_items, source_items
from scumble_protocol.editor.language import Translate


class Advanced(AdvancedFields, Rows):
    """Fields for the rarer settings.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self.steps = WholeNumber("scumble_steps", 1, 200)
        self.cfg = RealNumber("scumble_cfg", 1, 30, 0.5)
        self.grow = WholeNumber("scumble_grow", 0, 1024, " px")
        self.feather = WholeNumber("scumble_feather", 0, 1024, " px")
        self.padding = WholeNumber("scumble_padding", 0, 4096, " px")
        self.padding.setSingleStep(16)
        self.content = _choice("scumble_content", content_items(tr))
        self.source = _choice("scumble_source", source_items(tr))
        self.match_color = Switch("scumble_match_color", tr("Match colours at the rim"))
        self.add(tr("Steps"), self.steps, tr("More steps take longer and may look better."))
        self.add(tr("CFG"), self.cfg, tr("How closely to follow the prompt; 1 is not at all."))
        self.add(tr("Grow"), self.grow, tr("How far the new part reaches beyond the selection."))
        self.add(tr("Feather"), self.feather, tr("How wide the soft rim of the new part is."))
        self.add(tr("Context"), self.padding, tr("How much around the selection the model sees."))
        self.add(tr("Start from"), self.content)
        self.add(tr("Look at"), self.source)
        self.add("", self.match_color)


def _choice(name: str, items: tuple[Item, ...]) -> Choice:
    choice = Choice(name)
    choice.offer(items)
    return choice
