"""Fields without a toolkit, which show whatever they are given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Generic, TypeVar

from scumble_protocol.editor.advanced import AdvancedFields
from scumble_protocol.editor.fields import Item
from scumble_protocol.editor.guide_rows import GuideRow, GuideRows
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.offered import (
    area_items,
    content_items,
    resize_items,
    source_items,
)

Kept = TypeVar("Kept")


class Plain(Generic[Kept]):
    """Shows whatever it is given."""

    def __init__(self, value: Kept) -> None:
        self._value = value

    def value(self) -> Kept:
        return self._value

    def set_value(self, value: Kept) -> None:
        self._value = value


class Text:
    def __init__(self) -> None:
        self._text = ""

    def text(self) -> str:
        return self._text

    def set_text(self, text: str) -> None:
        self._text = text


class Choice:
    """Chooses as a drop-down list does."""

    def __init__(self, items: Sequence[Item] = ()) -> None:
        self.items: tuple[Item, ...] = tuple(items)
        self._wanted = ""

    def offer(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)

    def choose(self, wanted: str) -> None:
        self._wanted = wanted

    def id(self) -> str:
        if self.has_wanted() or not self.items:
            return self._wanted
        return self.items[0].id

    def has_wanted(self) -> bool:
        return self._wanted in {item.id for item in self.items}


class Advanced(AdvancedFields):
    vae: Choice

    def __init__(self, tr: Translate) -> None:
        self.steps, self.cfg, self.cfg_rescale = Plain(1.0), Plain(1.0), Plain(0.0)
        self.clip_skip, self.batch, self.padding = Plain(1.0), Plain(1.0), Plain(0.0)
        self.grow, self.feather = Plain[int | None](0), Plain[int | None](0)
        self.hires, self.passes, self.target = Plain(0.0), Text(), Text()
        self.content, self.source = Choice(content_items(tr)), Choice(source_items(tr))
        self.area, self.resize = Choice(area_items(tr)), Choice(resize_items(tr))
        self.vae = Choice()
        self.full_steps, self.invert = Plain(value=False), Plain(value=False)
        self.match_color, self.only_faces = Plain(value=True), Plain(value=False)


class Row(GuideRow):
    kind: Choice
    layer: Choice
    model: Choice

    def __init__(self, tr: Translate) -> None:
        self.tr = tr
        self.kind, self.layer, self.model = Choice(), Choice(), Choice()
        self.prompt = Text()
        self.weight, self.start, self.end = Plain(1.0), Plain(0.0), Plain(0.0)
        self.preprocess, self.show = Plain(value=True), Plain(value=False)
        self.shown: tuple[str, ...] = ()

    def show_fields(self, names: Collection[str]) -> None:
        self.shown = tuple(names)


class Guides(GuideRows):
    rows: list[Row]

    def __init__(self, tr: Translate) -> None:
        self.tr = tr
        self.rows = []

    def new_row(self) -> Row:
        self.rows.append(Row(self.tr))
        return self.rows[-1]

    def remove(self, row: GuideRow) -> None:
        self.rows = [other for other in self.rows if other is not row]
