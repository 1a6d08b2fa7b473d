"""The settings that most pictures can leave alone."""

from __future__ import annotations

import dataclasses

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.choice import Choice, Item
from scumble_gimp.panel.number import NumberField
from scumble_gimp.panel.rows import Rows
from scumble_protocol.editor.canvas import Source
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.settings import Settings
from scumble_protocol.requests import MaskedContent


class Advanced:
    """Fields for the rarer settings.

    Args:
        labels: Makes the labels as wide as others.
        tr: Translates.
    """

    def __init__(self, labels: Gtk.SizeGroup, tr: Translate) -> None:
        self._steps = NumberField("scumble_steps", 1, 200)
        self._cfg = NumberField("scumble_cfg", 1, 30, 0.5)
        self._grow = NumberField("scumble_grow", 0, 1024, unit="px")
        self._feather = NumberField("scumble_feather", 0, 1024, unit="px")
        self._padding = NumberField("scumble_padding", 0, 4096, 16, unit="px")
        self._content = Choice("scumble_content")
        self._content.offer(_contents(tr))
        self._source = Choice("scumble_source")
        self._source.offer(_sources(tr))
        self._match_color = Gtk.CheckButton(
            name="scumble_match_color", label=tr("Match colours at the rim")
        )
        rows = Rows(labels)
        for text, number, tip in (
            (tr("Steps"), self._steps, tr("More steps take longer and may look better.")),
            (tr("CFG"), self._cfg, tr("How closely to follow the prompt; 1 is not at all.")),
            (tr("Grow"), self._grow, tr("How far the new part reaches beyond the selection.")),
            (tr("Feather"), self._feather, tr("How wide the soft rim of the new part is.")),
            (tr("Context"), self._padding, tr("How much around the selection the model sees.")),
        ):
            rows.add(text, number.widget, tip, number.field)
        rows.add(tr("Start from"), self._content.widget)
        rows.add(tr("Look at"), self._source.widget)
        rows.add("", self._match_color)
        self.widget = rows.widget

    def on(self, settings: Settings) -> Settings:
        """The settings with what is set here."""
        return dataclasses.replace(
            settings,
            steps=self._steps.whole(),
            cfg=self._cfg.value(),
            grow=self._grow.whole(),
            feather=self._feather.whole(),
            padding=self._padding.whole(),
            content=MaskedContent(self._content.id()),
            source=Source(self._source.id()),
            match_color=bool(self._match_color.get_active()),
        )

    def fill(self, settings: Settings) -> None:
        """Show these settings."""
        self._steps.set_value(settings.steps)
        self._cfg.set_value(settings.cfg)
        self._grow.set_value(settings.grow)
        self._feather.set_value(settings.feather)
        self._padding.set_value(settings.padding)
        self._content.choose(settings.content.value)
        self._source.choose(settings.source.value)
        self._match_color.set_active(settings.match_color)


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
