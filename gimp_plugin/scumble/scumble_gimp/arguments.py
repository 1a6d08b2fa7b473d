"""The arguments of the procedures, in GIMP's own kinds; a dialog is drawn from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scumble_protocol.choices import MaskedContent
from scumble_protocol.editor.canvas import Source
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.names import SAMPLER_NAMES, SCHEDULE_NAMES
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.ratios import Anchor
from scumble_protocol.editor.settings import Area, Settings

RECOMMENDED: Final = "recommended"
"""What is chosen by a painter who leaves it to the model; so do 0 steps and a guidance of 0."""

AUTOMATIC: Final = -1
"""As many pixels as suit the selection."""


@dataclass(frozen=True)
class Text:
    """A line of text."""

    name: str
    label: str
    help: str


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`; whole if all three are."""

    name: str
    label: str
    help: str
    low: float
    high: float
    default: float


@dataclass(frozen=True)
class Choice:
    """One of a few values; `options` has their labels."""

    name: str
    label: str
    help: str
    options: Mapping[str, str]
    default: str


@dataclass(frozen=True)
class Switch:
    """Yes or no."""

    name: str
    label: str
    help: str
    default: bool


Argument = Text | Number | Choice | Switch

OFFERED: Final = frozenset({"model", "vae", "style", "second", "refiner"})
"""Texts that name something; a dialog lets the painter choose among what there is."""


@dataclass(frozen=True)
class Fold:
    """Arguments for the few who look: a dialog shows them folded up, under a title."""

    title: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Arguments:
    """The arguments of one procedure: those always seen, and those folded up."""

    main: tuple[Argument, ...]
    folds: tuple[Fold, ...] = ()

    @property
    def all(self) -> tuple[Argument, ...]:
        """All of them."""
        return (*self.main, *(argument for fold in self.folds for argument in fold.arguments))


def _automatic(pixels: int | None) -> int:
    return AUTOMATIC if pixels is None else pixels


def _options(names: Mapping[Any, str]) -> Mapping[str, str]:
    return {str(choice.value): name for choice, name in names.items()}


_PROMPT: Final = (
    Text("prompt", "_Prompt", "What the area should become"),
    Text("negative", "_Negative prompt", "What it should not become"),
    Text("style", "St_yle", "The name of a style preset; empty for none"),
)
_STRENGTH: Final = Number(
    "strength", "Stren_gth", "0 keeps everything, 1 keeps nothing of what is there", 0.0, 1.0, 0.8
)
_SEED: Final = Text("seed", "S_eed", "The same seed makes the same picture; empty for a new one")
_MAKING: Final = (
    Number("count", "_Variations", "How many to make", 1, 16, 1),
    _SEED,
    Text("model", "_Model", "The name of a model; empty for the first that the server offers"),
)
_SAMPLING: Final = Fold(
    "Steps and sampling",
    (
        Choice(
            "sampler",
            "S_ampler",
            "How the picture is worked out",
            {RECOMMENDED: "As the model recommends", **_options(SAMPLER_NAMES)},
            RECOMMENDED,
        ),
        Choice(
            "schedule",
            "Schedule",
            "At which noise levels the sampler stops",
            {RECOMMENDED: "As the model recommends", **_options(SCHEDULE_NAMES)},
            RECOMMENDED,
        ),
        Number("steps", "S_teps", "More take longer; 0 for what the model recommends", 0, 200, 0),
        Switch("full-steps", "All steps at any strength", "Else only their part is run", False),
        Number(
            "cfg", "Gu_idance", "How closely to follow the prompt; 0 as recommended", 0.0, 30.0, 0.0
        ),
        Number(
            "cfg-rescale",
            "CFG rescale",
            "How far the contrast that CFG adds is taken back",
            0.0,
            1.0,
            Settings.cfg_rescale,
        ),
        Number(
            "clip-skip",
            "CLIP skip",
            "The layer of CLIP, from the last one, at which the prompt is read",
            1,
            12,
            Settings.clip_skip,
        ),
        Text("passes", "Further passes", "Their strengths, for instance 0.4, 0.2"),
        Number(
            "hires",
            "Detail pass",
            "Its strength, for areas too large to be made at once; 0 for no such pass",
            0.0,
            1.0,
            Settings.hires,
        ),
        Number("batch", "Batch size", "How many variations are made at once", 1, 16, 1),
        Text("vae", "VAE", "The name of another VAE; empty for the model's own"),
    ),
)
_RIM: Final = (
    Number(
        "grow",
        "Gro_w",
        "Pixels by which the selection is grown; -1 for what suits it",
        AUTOMATIC,
        1024,
        _automatic(Settings.grow),
    ),
    Number(
        "feather",
        "_Feather",
        "Pixels of its soft rim; -1 for what suits it",
        AUTOMATIC,
        1024,
        _automatic(Settings.feather),
    ),
    Number("padding", "Conte_xt", "Pixels around that the model sees", 0, 4096, Settings.padding),
)
_AREA: Final = (
    Choice(
        "area",
        "Work on",
        "What the model works on",
        {
            Area.MASKED.value: "What is selected, with its surroundings",
            Area.WHOLE.value: "The whole picture",
        },
        Settings.area.value,
    ),
    Switch("invert", "All but the selection", "Keep what is selected instead", False),
    Switch("match-color", "Match colo_urs", "Fit the colours to the surroundings", True),
)
_FACES: Final = Switch(
    "only-faces", "Faces only", "Make only the faces in the selection, each large", False
)
_CONTENT: Final = Choice(
    "content",
    "Mas_ked content",
    "What the model finds in the selection at first",
    {
        MaskedContent.ORIGINAL.value: "What is there",
        MaskedContent.FILL.value: "The surroundings, continued",
        MaskedContent.NOISE.value: "Noise",
        MaskedContent.NOTHING.value: "Nothing",
        MaskedContent.REMOVE.value: "What is there, taken away",
    },
    Settings.content.value,
)
_SOURCE: Final = Choice(
    "source",
    "Mo_del sees",
    "What of the picture the model sees",
    {
        Source.VISIBLE.value: "All that is visible",
        Source.WITHOUT_RESULTS.value: "All but Scumble's results",
        Source.ACTIVE_LAYER.value: "The active layer",
    },
    Settings.source.value,
)
_SIDES: Final = tuple(
    Number(side, label, "Pixels to add", 0, 16384, 0)
    for side, label in (
        ("left", "Left"),
        ("top", "Top"),
        ("right", "Right"),
        ("bottom", "Bottom"),
    )
)
_RATIO: Final = (
    Text("ratio", "Ratio", "Of the sides, for instance 16:9; empty for the pixels above"),
    Choice(
        "anchor",
        "Keeps its place",
        "Where the picture lies in what the ratio makes of it",
        {
            Anchor.CENTER.value: "The middle",
            Anchor.LEFT.value: "Left",
            Anchor.RIGHT.value: "Right",
            Anchor.TOP.value: "Top",
            Anchor.BOTTOM.value: "Bottom",
        },
        Anchor.CENTER.value,
    ),
)
_ENLARGING: Final = (
    Number("scale", "Sc_ale", "How many times larger", 1.0, 16.0, 2.0),
    Text("model", "_Upscaler", "Its name; empty for the one that suits the factor"),
)
_REFINING: Final = Fold(
    "More detail",
    (
        Number(
            "blend",
            "Share",
            "How much of the second upscaler's result is mixed in",
            0.0,
            1.0,
            Order.blend,
        ),
        Text("second", "Mix with", "Its name; empty for none"),
        Number(
            "refine",
            "Then refine",
            "How strongly a model may draw detail; 0 for not at all",
            0.0,
            1.0,
            Order.refine,
        ),
        Text("refiner", "_Model", "The name of that model; empty for the first that there is"),
        Text("prompt", "_Prompt", "What the picture shows"),
        Text("negative", "_Negative prompt", "What it should not show"),
        _SEED,
    ),
)
_CLEANING: Final = Number(
    "refine",
    "Then refine",
    "How strongly a model goes over what was filled; 0 for not at all",
    0.0,
    1.0,
    Order.refine,
)

_AREA_FOLD: Final = "Area"
_FILLING: Final = Arguments(
    (*_PROMPT, *_MAKING), (Fold(_AREA_FOLD, (*_RIM, *_AREA, _SOURCE)), _SAMPLING)
)

ARGUMENTS: Final[Mapping[Mode, Arguments]] = {
    Mode.REGENERATE: Arguments(
        (*_PROMPT, _STRENGTH, *_MAKING),
        (Fold(_AREA_FOLD, (*_RIM, *_AREA, _FACES, _CONTENT, _SOURCE)), _SAMPLING),
    ),
    Mode.FILL: _FILLING,
    Mode.REMOVE: Arguments(
        (*_RIM, _CLEANING), (Fold(_AREA_FOLD, (_SOURCE,)), Fold("Model", (_SEED, _MAKING[-1])))
    ),
    Mode.EXPAND: Arguments(
        (*_SIDES, *_RATIO, *_PROMPT, *_MAKING),
        (Fold(_AREA_FOLD, (*_RIM, _AREA[-1], _SOURCE)), _SAMPLING),
    ),
    Mode.UPSCALE: Arguments(_ENLARGING, (_REFINING,)),
    Mode.SKETCH: _FILLING,
}
"""For every mode the arguments of its procedure."""
