"""The settings that most pictures can leave alone."""

from __future__ import annotations

import dataclasses

from scumble_krita.choice import Choice, Item
from scumble_krita.number import RealNumber, WholeNumber
from scumble_krita.qt import QtWidgets
from scumble_krita.rows import Rows
from scumble_protocol.editor.canvas import Source
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.settings import Settings
from scumble_protocol.requests import MaskedContent


class Advanced(Rows):
    """Fields for the rarer settings.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self._steps = WholeNumber("scumble_steps", 1, 200)
        self._cfg = RealNumber("scumble_cfg", 1, 30, 0.5)
        self._grow = WholeNumber("scumble_grow", 0, 1024, " px")
        self._feather = WholeNumber("scumble_feather", 0, 1024, " px")
        self._padding = WholeNumber("scumble_padding", 0, 4096, " px")
        self._padding.setSingleStep(16)
        self._content = _choice("scumble_content", _contents(tr))
        self._source = _choice("scumble_source", _sources(tr))
        self._match_color = QtWidgets.QCheckBox(tr("Match colours at the rim"))
        self._match_color.setObjectName("scumble_match_color")
        self.add(tr("Steps"), self._steps, tr("More steps take longer and may look better."))
        self.add(tr("CFG"), self._cfg, tr("How closely to follow the prompt; 1 is not at all."))
        self.add(tr("Grow"), self._grow, tr("How far the new part reaches beyond the selection."))
        self.add(tr("Feather"), self._feather, tr("How wide the soft rim of the new part is."))
        self.add(tr("Context"), self._padding, tr("How much around the selection the model sees."))
        self.add(tr("Start from"), self._content)
        self.add(tr("Look at"), self._source)
        self.add("", self._match_color)

    def on(self, settings: Settings) -> Settings:
        """The settings with what is set here."""
        return dataclasses.replace(
            settings,
            steps=int(self._steps.value()),
            cfg=round(float(self._cfg.value()), 1),
            grow=int(self._grow.value()),
            feather=int(self._feather.value()),
            padding=int(self._padding.value()),
            content=MaskedContent(self._content.id()),
            source=Source(self._source.id()),
            match_color=bool(self._match_color.isChecked()),
        )

    def fill(self, settings: Settings) -> None:
        """Show these settings."""
        self._steps.setValue(settings.steps)
        self._cfg.setValue(settings.cfg)
        self._grow.setValue(settings.grow)
        self._feather.setValue(settings.feather)
        self._padding.setValue(settings.padding)
        self._content.choose(settings.content.value)
        self._source.choose(settings.source.value)
        self._match_color.setChecked(settings.match_color)


def _choice(name: str, items: tuple[Item, ...]) -> Choice:
    choice = Choice(name)
    choice.offer(items)
    return choice


def _contents(tr: Translate) -> tuple[Item, ...]:
    return (
        Item(
            MaskedContent.ORIGINAL.value,
            tr("What is there"),
            tr("The new part is made from what is in the selection."),
        ),
        Item(
            MaskedContent.FILL.value,
            tr("The surroundings"),
            tr("The selection is first filled with the colours around it."),
        ),
    )


def _sources(tr: Translate) -> tuple[Item, ...]:
    return (
        Item(Source.VISIBLE.value, tr("All that is visible")),
        Item(Source.WITHOUT_RESULTS.value, tr("All but Scumble's layers")),
        Item(Source.ACTIVE_LAYER.value, tr("The active layer alone")),
    )
