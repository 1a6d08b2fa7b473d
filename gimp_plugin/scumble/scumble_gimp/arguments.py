"""The arguments of the procedures, and the order that their values make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from scumble_protocol.checks import MAX_SEED
from scumble_protocol.choices import MaskedContent, Sampler
from scumble_protocol.editor.canvas import Margins, Source
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.names import SAMPLER_NAMES
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import ModelInfo, ModelKind

RECOMMENDED: Final = "recommended"
"""The sampler of a painter who leaves it to the model; so do 0 steps and a guidance of 0."""


class Values(Protocol):
    """The values of a procedure's arguments; `Gimp.ProcedureConfig` is one."""

    def get_property(self, name: str) -> Any:
        """The value of an argument."""
        ...


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

_SAMPLERS: Final = {sampler.value: name for sampler, name in SAMPLER_NAMES.items()}

_PROMPT: Final = (
    Text("prompt", "_Prompt", "What the area should become"),
    Text("negative", "_Negative prompt", "What it should not become"),
)
_STRENGTH: Final = Number(
    "strength", "Stren_gth", "0 keeps everything, 1 keeps nothing of what is there", 0.0, 1.0, 0.8
)
_MAKING: Final = (
    Number("count", "_Variations", "How many to make", 1, 16, 1),
    Text("seed", "S_eed", "The same seed makes the same picture; empty for a new one"),
    Text("model", "_Model", "The name of a model; empty for the first that the server offers"),
)
_ADVANCED: Final = (
    Choice(
        "sampler",
        "S_ampler",
        "How the picture is worked out",
        {RECOMMENDED: "As the model recommends", **_SAMPLERS},
        RECOMMENDED,
    ),
    Number("steps", "S_teps", "More take longer; 0 for what the model recommends", 0, 200, 0),
    Number(
        "cfg", "Gu_idance", "How closely to follow the prompt; 0 as recommended", 0.0, 30.0, 0.0
    ),
    Number("grow", "Gro_w", "Pixels by which the selection is grown", 0, 1024, Settings.grow),
    Number("feather", "_Feather", "Pixels of its soft rim", 0, 1024, Settings.feather),
    Number("padding", "Conte_xt", "Pixels around that the model sees", 0, 4096, Settings.padding),
    Switch("match-color", "Match colo_urs", "Fit the colours to the surroundings", True),
)
_CONTENT: Final = Choice(
    "content",
    "Mas_ked content",
    "What the model finds in the selection at first",
    {
        MaskedContent.ORIGINAL.value: "What is there",
        MaskedContent.FILL.value: "The surroundings, continued",
    },
    MaskedContent.ORIGINAL.value,
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
    Source.VISIBLE.value,
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
_ENLARGING: Final = (
    Number("scale", "Sc_ale", "How many times larger", 1.0, 8.0, 2.0),
    Text("model", "_Upscaler", "Its name; empty for the one that suits the factor"),
)


@dataclass(frozen=True)
class Arguments:
    """The arguments of one procedure: those always seen, and those for the few who look."""

    main: tuple[Argument, ...]
    advanced: tuple[Argument, ...] = ()

    @property
    def all(self) -> tuple[Argument, ...]:
        """Both."""
        return (*self.main, *self.advanced)


_FILLING = Arguments((*_PROMPT, *_MAKING), (*_ADVANCED, _SOURCE))
_CHANGING = Arguments((*_PROMPT, _STRENGTH, *_MAKING), (*_ADVANCED, _CONTENT, _SOURCE))

ARGUMENTS: Final[Mapping[Mode, Arguments]] = {
    Mode.REGENERATE: _CHANGING,
    Mode.FILL: _FILLING,
    Mode.REMOVE: _FILLING,
    Mode.EXPAND: Arguments((*_SIDES, *_PROMPT, *_MAKING), (*_ADVANCED, _SOURCE)),
    Mode.UPSCALE: Arguments(_ENLARGING),
    Mode.SKETCH: _CHANGING,
}
"""For every mode the arguments of its procedure."""


def order_of(mode: Mode, values: Values, models: tuple[ModelInfo, ...]) -> Order:
    """What the values of a procedure's arguments ask for.

    Args:
        mode: What to do.
        values: Those of the mode's arguments.
        models: The models that the server offers, for what they recommend.

    Raises:
        RequestError: The seed is no number, or a value is out of its range.
    """
    of_argument = {a.name: _value(a, values.get_property(a.name)) for a in ARGUMENTS[mode].all}
    if mode is Mode.UPSCALE:
        return Order(mode, scale=of_argument["scale"], upscaler=of_argument["model"])
    margins = Margins(
        **{side.name: of_argument[side.name] for side in _SIDES if mode is Mode.EXPAND}
    )
    return Order(mode, _settings(of_argument, models), margins=margins)


def _value(argument: Argument, value: Any) -> Any:
    """The value of an argument; GIMP may give None for an empty text."""
    return (value or "").strip() if isinstance(argument, Text) else value


def _settings(of_argument: Mapping[str, Any], models: tuple[ModelInfo, ...]) -> Settings:
    wanted = of_argument["model"]
    # An unknown name is the studio's to refuse.
    diffusion = [model for model in models if model.kind is ModelKind.DIFFUSION]
    known = next((model for model in diffusion if wanted in {"", model.id}), None)
    settings = Settings() if known is None else Settings().for_model(known)
    chosen: dict[str, Any] = {"seed": _seed(of_argument["seed"]), "model": wanted}
    if of_argument["sampler"] != RECOMMENDED:
        chosen["sampler"] = Sampler(of_argument["sampler"])
    for name in ("steps", "cfg"):
        if of_argument[name]:
            chosen[name] = of_argument[name]
    for name in ("prompt", "negative", "count", "grow", "feather", "padding"):
        chosen[name] = of_argument[name]
    chosen["match_color"] = of_argument["match-color"]
    chosen["source"] = Source(of_argument["source"])
    if "strength" in of_argument:
        chosen["strength"] = of_argument["strength"]
        chosen["content"] = MaskedContent(of_argument["content"])
    return replace(settings, **chosen)


def _seed(text: str) -> int | None:
    """A seed as it is typed; None for none."""
    if not text:
        return None
    if not text.isdecimal() or int(text) > MAX_SEED:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The seed is {text!r}.",
            "Enter a whole number from 0 on, or nothing for a new one each time.",
        )
    return int(text)
