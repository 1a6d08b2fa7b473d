"""From the values of a procedure's arguments to the order that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from scumble_gimp.arguments import ARGUMENTS, AUTOMATIC, RECOMMENDED, Argument, Text
from scumble_protocol.checks import MAX_SEED
from scumble_protocol.choices import MaskedContent, Sampler, Schedule, schedule_with
from scumble_protocol.editor.advanced import strengths
from scumble_protocol.editor.canvas import Margins, Source
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.ratios import Anchor, Ratio, margins_for
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.editor.styles import Styles
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Size
from scumble_protocol.messages import ModelInfo, ModelKind


class Values(Protocol):
    """The values of a procedure's arguments; `Gimp.ProcedureConfig` is one."""

    def get_property(self, name: str) -> Any:
        """The value of an argument."""
        ...


@dataclass(frozen=True)
class Surroundings:
    """What values mean something in.

    Args:
        models: The models that the server offers, for what they recommend.
        styles: The style presets that there are.
        canvas: The size of the canvas.
    """

    models: tuple[ModelInfo, ...]
    styles: Styles
    canvas: Size


def order_of(mode: Mode, values: Values, around: Surroundings) -> Order:
    """What the values of a procedure's arguments ask for.

    Args:
        mode: What to do.
        values: Those of the mode's arguments.
        around: What they mean something in.

    Raises:
        RequestError: The seed is no number, there is no such style, or a value is out of its range.
    """
    given = {a.name: _value(a, values.get_property(a.name)) for a in ARGUMENTS[mode].all}
    own: dict[str, Any] = {name: given.pop(name) for name in _OF_THE_ORDER if name in given}
    if mode is Mode.UPSCALE:
        own["upscaler"], given["model"] = given["model"], own.pop("refiner")
    if mode is Mode.EXPAND:
        own["margins"] = _margins(own, around.canvas)
    return Order(mode, _settings(given, around), style=given.get("style", ""), **own)


def _margins(own: dict[str, Any], canvas: Size) -> Margins:
    """What to add, by pixels or by a ratio; taken out of the order's own values."""
    ratio, anchor = own.pop("ratio"), own.pop("anchor")
    margins = Margins(**{side: own.pop(side) for side in _SIDES})
    return margins_for(canvas, Ratio.of(ratio), Anchor(anchor)) if ratio else margins


_SIDES: Final[tuple[str, ...]] = ("left", "top", "right", "bottom")
_OF_THE_ORDER: Final[tuple[str, ...]] = (
    *_SIDES,
    "ratio",
    "anchor",
    "scale",
    "refine",
    "second",
    "blend",
    "refiner",
)
"""Arguments that are no settings."""


def _value(argument: Argument, value: Any) -> Any:
    """The value of an argument; GIMP may give None for an empty text."""
    return (value or "").strip() if isinstance(argument, Text) else value


def _settings(given: Mapping[str, Any], around: Surroundings) -> Settings:
    """The settings: what the style and the model say, and what was chosen instead.

    The words of the style are put around the prompts when the order is carried out.
    """
    name = given.get("style", "")
    style = around.styles.get(name) if name else None
    wanted = given.get("model", "") or (style.model if style else "")
    # An unknown name is the studio's to refuse.
    diffusion = [model for model in around.models if model.kind is ModelKind.DIFFUSION]
    known = next((model for model in diffusion if wanted in {"", model.id}), None)
    settings = Settings() if known is None else Settings().for_model(known)
    if style is not None:
        settings = replace(settings, **style.sets)
    chosen = _chosen(given)
    settings = replace(settings, model=wanted, **chosen)
    if "schedule" in chosen:
        return settings
    # Who chose another sampler has not asked for the schedule that goes with the first.
    return replace(settings, schedule=schedule_with(settings.sampler, settings.schedule))


def _chosen(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen, under the settings' names."""
    return {
        name.replace("-", "_"): _AS_SETTING[name](value) if name in _AS_SETTING else value
        for name, value in given.items()
        if name not in _NO_SETTINGS and value != _LEFT_TO_THE_MODEL.get(name)
    }


def _pixels(value: int) -> int | None:
    return None if value == AUTOMATIC else value


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


_NO_SETTINGS: Final = frozenset({"model", "style"})

_LEFT_TO_THE_MODEL: Final[Mapping[str, object]] = {
    "sampler": RECOMMENDED,
    "schedule": RECOMMENDED,
    "steps": 0,
    "cfg": 0,
}

_AS_SETTING: Final[Mapping[str, Callable[[Any], object]]] = {
    "seed": _seed,
    "sampler": Sampler,
    "schedule": Schedule,
    "area": Area,
    "content": MaskedContent,
    "source": Source,
    "grow": _pixels,
    "feather": _pixels,
    "passes": strengths,
}
"""How a value becomes that of the setting; the others are as they are."""
