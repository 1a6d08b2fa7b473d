"""What guides a model besides its prompt: a row for each control, reference and region."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scumble_protocol.editor.canvas import LayerInfo
from scumble_protocol.editor.fields import ChoiceField, Field, Item, NumberField, TextField
from scumble_protocol.editor.guides import ControlLayer, ReferenceLayer, RegionLayer
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.names import control_names, reference_names
from scumble_protocol.editor.offered import fitting_items
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import ControlKind, ReferenceKind
from scumble_protocol.messages import ModelInfo

Guide = ControlLayer | ReferenceLayer | RegionLayer

REGION = "region"
"""The kind of a row that is a region; the others are `control.KIND` and `reference.KIND`."""

NEW = ControlLayer(ControlKind.CANNY)
"""What a new row shows."""


@dataclass(frozen=True)
class GuideOffer:
    """What rows can choose from.

    Args:
        layers: The layers of the picture.
        model: The diffusion model that is chosen.
        controls: The server's control models.
        references: Its reference models.
        lacking: By `controls`, `references` and `regions`, why the model can't do them.
    """

    layers: tuple[LayerInfo, ...] = ()
    model: ModelInfo | None = None
    controls: tuple[ModelInfo, ...] = ()
    references: tuple[ModelInfo, ...] = ()
    lacking: Mapping[str, str] = dataclasses.field(default_factory=dict)


class GuideRow:
    """One row; an editor's class makes the fields, and sets `tr`.

    It says in `show_fields` which are seen, and calls `kind_chosen` where the painter chose a kind.
    """

    tr: Translate
    kind: ChoiceField
    layer: ChoiceField
    prompt: TextField
    """What is to be in a region; empty for the layer's name."""
    model: ChoiceField
    weight: NumberField
    """0 to 2."""
    start: NumberField
    """In percent of the steps."""
    end: NumberField
    preprocess: Field[bool]
    show: Field[bool]

    _offer = GuideOffer()

    def show_fields(self, names: Collection[str]) -> None:
        """Show the fields of these names and no others; `kind` and `layer` are always seen."""
        raise NotImplementedError

    def offer(self, offer: GuideOffer) -> None:
        """Show what can be chosen now."""
        self._offer = offer
        self.kind.offer(kind_items(offer.lacking, self.tr))
        self.kind_chosen()

    def kind_chosen(self) -> None:
        """Offer what goes with the kind, and show its fields."""
        kind = self.kind.id()
        is_region = kind == REGION
        first = self.tr("Choose a layer") if is_region else self.tr("The picture itself")
        self.layer.offer([Item("", first), *layer_items(self._offer.layers)])
        self.model.offer(self._models(kind))
        self.show_fields(_FIELDS[kind.partition(".")[0]])

    def guides(self) -> tuple[Guide, ...]:
        """What the row stands for: more than one where a group of layers has the regions.

        Raises:
            RequestError: No layer is chosen, or a number is out of its range.
        """
        kind, _, name = self.kind.id().partition(".")
        if kind == REGION:
            return self._regions()
        if not self.layer.has_wanted():
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                "The layer of a control or reference is gone.",
                "Choose another layer, or remove the row.",
            )
        shared: dict[str, Any] = {
            "layer": self.layer.id(),
            "model": self.model.id(),
            "weight": round(self.weight.value(), 2),
            "start": round(self.start.value() / 100, 2),
            "end": round(self.end.value() / 100, 2),
        }
        if kind == "control":
            return (
                ControlLayer(
                    ControlKind(name),
                    preprocess=self.preprocess.value(),
                    show=self.show.value(),
                    **shared,
                ),
            )
        return (ReferenceLayer(ReferenceKind(name), **shared),)

    def fill(self, guide: Guide) -> None:
        """Show a guide."""
        self.kind.choose(_kind_of(guide))
        self.layer.choose(guide.layer)
        if isinstance(guide, RegionLayer):
            self.prompt.set_text(guide.prompt)
            guide = NEW  # the fields that a region has not
        self.model.choose(guide.model)
        self.weight.set_value(guide.weight)
        self.start.set_value(round(guide.start * 100))
        self.end.set_value(round(guide.end * 100))
        if isinstance(guide, ControlLayer):
            self.preprocess.set_value(guide.preprocess)
            self.show.set_value(guide.show)
        self.kind_chosen()

    def _models(self, kind: str) -> list[Item]:
        kind, _, name = kind.partition(".")
        offered = self._offer.references if kind == "reference" else self._offer.controls
        suiting = [
            model
            for model in offered
            if kind == "reference" or not model.controls or name in model.controls
        ]
        return fitting_items(suiting, self._offer.model, self.tr("Automatic"))

    def _regions(self) -> tuple[RegionLayer, ...]:
        chosen = self.layer.id()
        layer = next((layer for layer in self._offer.layers if layer.id == chosen), None)
        if not chosen or layer is None:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                "A region has no layer.",
                "Choose the layer that shows where its prompt holds, or remove the region.",
            )
        prompt = self.prompt.text().strip()
        if layer.is_group and not prompt:
            return regions_of(self._offer.layers, chosen)
        return (RegionLayer(chosen, prompt or layer.name),)


class GuideRows:
    """All rows; an editor's class makes and removes them, and sets `tr`.

    Where the painter wants one more, it calls `add`; where one is to go, `remove`.
    """

    tr: Translate
    rows: Sequence[GuideRow] = ()

    _offer = GuideOffer()

    def new_row(self) -> GuideRow:
        """Make a row at the end of `rows`, and show it."""
        raise NotImplementedError

    def remove(self, row: GuideRow) -> None:
        """Take a row away."""
        raise NotImplementedError

    def add(self, guide: Guide = NEW) -> GuideRow:
        """Make a row for a guide."""
        row = self.new_row()
        row.offer(self._offer)
        row.fill(guide)
        return row

    def offer(self, offer: GuideOffer) -> None:
        """Show in every row what can be chosen now."""
        if offer != self._offer:
            self._offer = offer
            for row in self.rows:
                row.offer(offer)

    def on(self, settings: Settings) -> Settings:
        """The settings with what is set here; of regions, the lowest row is the lowest.

        Raises:
            RequestError: There are too many, or one of them is not complete.
        """
        guides = [guide for row in self.rows for guide in row.guides()]
        return dataclasses.replace(
            settings,
            controls=tuple(guide for guide in guides if isinstance(guide, ControlLayer)),
            references=tuple(guide for guide in guides if isinstance(guide, ReferenceLayer)),
            regions=tuple(guide for guide in reversed(guides) if isinstance(guide, RegionLayer)),
        )

    def fill(self, settings: Settings) -> None:
        """Show these settings."""
        for row in tuple(self.rows):
            self.remove(row)
        guides: Sequence[Guide] = (*settings.controls, *settings.references)
        for guide in (*guides, *reversed(settings.regions)):
            self.add(guide)


def kind_items(lacking: Mapping[str, str], tr: Translate) -> list[Item]:
    """The kinds of a row; those that the model can't do are greyed."""
    controls, references = lacking.get("controls", ""), lacking.get("references", "")
    regions = lacking.get("regions", "")
    held = tr("Holds the result to this in a layer, by a ControlNet.")
    return [
        *(
            Item(f"control.{kind.value}", name, controls or held, is_enabled=not controls)
            for kind, name in control_names(tr).items()
        ),
        *(
            Item(
                f"reference.{kind.value}",
                name,
                references or tr("Takes this from a layer, by an IP-Adapter."),
                is_enabled=not references,
            )
            for kind, name in reference_names(tr).items()
        ),
        Item(
            REGION,
            tr("Region with a prompt"),
            regions or tr("Where the layer has something, its own prompt holds."),
            is_enabled=not regions,
        ),
    ]


def layer_items(layers: tuple[LayerInfo, ...]) -> list[Item]:
    """The layers from top to bottom, indented as in the editor's list."""
    depths = {"": -1}
    items = []
    for layer in layers:
        depth = depths[layer.id] = depths.get(layer.group, -1) + 1
        items.append(Item(layer.id, "\u2003" * depth + layer.name, layer.name))
    return items


def regions_of(layers: tuple[LayerInfo, ...], group: str) -> tuple[RegionLayer, ...]:
    """A region for each layer that lies right in a group, by the layer's name, topmost first."""
    return tuple(RegionLayer(layer.id, layer.name) for layer in layers if layer.group == group)


def _kind_of(guide: Guide) -> str:
    if isinstance(guide, RegionLayer):
        return REGION
    kind = "control" if isinstance(guide, ControlLayer) else "reference"
    return f"{kind}.{guide.kind.value}"


_FIELDS: Mapping[str, Collection[str]] = {
    "control": ("model", "weight", "start", "end", "preprocess", "show"),
    "reference": ("model", "weight", "start", "end"),
    REGION: ("prompt",),
}
