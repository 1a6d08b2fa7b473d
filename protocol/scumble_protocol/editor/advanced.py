"""The fields that most painters leave as they are, and how each shows its setting."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from scumble_protocol.choices import MaskedContent, ResizeMode
from scumble_protocol.editor.canvas import Source
from scumble_protocol.editor.fields import ChoiceField, Field, NumberField, TextField
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Size


class AdvancedFields:
    """An editor's class makes the fields; settings whose field it does not make stay as they are.

    Each is named as its setting.
    """

    steps: NumberField
    full_steps: Field[bool]
    cfg: NumberField
    cfg_rescale: NumberField
    clip_skip: NumberField
    passes: TextField
    """Strengths, written as `0.4, 0.2`."""
    hires: Field[float]
    batch: NumberField
    vae: ChoiceField
    area: ChoiceField
    padding: NumberField
    grow: Field[int | None]
    """Pixels; None for what suits the selection."""
    feather: Field[int | None]
    content: ChoiceField
    source: ChoiceField
    invert: Field[bool]
    match_color: Field[bool]
    only_faces: Field[bool]
    target: TextField
    """The size of the result, written as `1024 × 768`; empty for that of the picture."""  # noqa: RUF001
    resize: ChoiceField

    def on(self, settings: Settings, left_out: Collection[str] = ()) -> Settings:
        """The settings with what is set here.

        Args:
            settings: The other ones.
            left_out: Names of fields that do not count, since they are greyed.

        Raises:
            RequestError: Something is out of its range.
        """
        made = {
            name: shown.take(getattr(self, name))
            for name, shown in _SHOWN.items()
            if hasattr(self, name) and name not in left_out
        }
        return dataclasses.replace(settings, **made)

    def fill(self, settings: Settings, left_out: Collection[str] = ()) -> None:
        """Show these settings, but for those of the names that are to be left out."""
        for name, shown in _SHOWN.items():
            if hasattr(self, name) and name not in left_out:
                shown.put(getattr(self, name), getattr(settings, name))


@dataclass(frozen=True)
class _Shown:
    """How a field shows a setting: from the field to the setting, and back."""

    take: Callable[[Any], Any]
    put: Callable[[Any, Any], None]


def _as_it_is() -> _Shown:
    return _Shown(lambda field: field.value(), lambda field, value: field.set_value(value))


def _number(digits: int | None = None) -> _Shown:
    return _Shown(
        lambda field: round(field.value(), digits), lambda field, value: field.set_value(value)
    )


def _pixels() -> _Shown:
    """A number, or None for what suits the selection."""
    return _Shown(
        lambda field: None if field.value() is None else round(field.value()),
        lambda field, value: field.set_value(value),
    )


def _choice(kind: type[Enum]) -> _Shown:
    return _Shown(lambda field: kind(field.id()), lambda field, value: field.choose(value.value))


def _text(read: Callable[[str], object], write: Callable[[Any], str]) -> _Shown:
    return _Shown(
        lambda field: read(field.text()), lambda field, value: field.set_text(write(value))
    )


def strengths(text: str) -> tuple[float, ...]:
    """The strengths of further passes, as a painter writes them: `0.4, 0.2`.

    Raises:
        RequestError: That is something else.
    """
    try:
        return tuple(float(part) for part in re.split(r"[,;\s]+", text) if part)
    except ValueError as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The further passes are {text!r}.",
            "Write their strengths, for instance 0.4, 0.2.",
        ) from error


def written_strengths(passes: tuple[float, ...]) -> str:
    """Strengths as `strengths` reads them."""
    return ", ".join(f"{strength:g}" for strength in passes)


def size_of(text: str) -> Size | None:
    """A size as a painter writes it, `1024 x 768`; None where nothing is written.

    Raises:
        RequestError: That is something else, or no size that a picture can have.
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"\s*(\d{1,7})\s*[x×*, ]\s*(\d{1,7})\s*", text, re.IGNORECASE)  # noqa: RUF001
    if found is None:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The size of the result is {text!r}.",
            "Write its width and height in pixels, for instance 1024 x 768.",
        )
    return Size(int(found[1]), int(found[2]))


def written_size(size: Size | None) -> str:
    """A size as `size_of` reads it."""
    return f"{size.width} × {size.height}" if size else ""  # noqa: RUF001 (times)


_SHOWN: Final[Mapping[str, _Shown]] = {
    "steps": _number(),
    "full_steps": _as_it_is(),
    "cfg": _number(1),
    "cfg_rescale": _number(2),
    "clip_skip": _number(),
    "passes": _text(strengths, written_strengths),
    "hires": _as_it_is(),
    "batch": _number(),
    "vae": _Shown(lambda field: field.id(), lambda field, value: field.choose(value)),
    "area": _choice(Area),
    "padding": _number(),
    "grow": _pixels(),
    "feather": _pixels(),
    "content": _choice(MaskedContent),
    "source": _choice(Source),
    "invert": _as_it_is(),
    "match_color": _as_it_is(),
    "only_faces": _as_it_is(),
    "target": _text(size_of, written_size),
    "resize": _choice(ResizeMode),
}
