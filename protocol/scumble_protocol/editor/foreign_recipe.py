"""What A1111's `parameters` text, by whomever it was written, means as settings."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scumble_protocol.choices import ResizeMode
from scumble_protocol.editor.a1111_names import content_of, sampler_of, schedule_of
from scumble_protocol.editor.advanced import size_of
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.errors import ErrorCode, RequestError

_NEGATIVE = "Negative prompt:"
_SETTINGS_LINE = re.compile(r"\s*Steps:\s*\d")
# A name, a colon, and a value that ends at a comma unless it is quoted as JSON quotes.
_PAIR = re.compile(r'\s*([\w][\w +/-]*?):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')

_HARMLESS = frozenset(
    {
        "Size", "Version", "Model hash", "VAE hash", "Hashes", "Lora hashes", "TI hashes", "User",
        "Batch pos", "Batch size", "Created Date",
    }
)  # fmt: skip
"""What needs no word when it is not used: it says the same again, or goes with something else."""


@dataclass(frozen=True)
class Recipe:
    """How a picture was made, as far as it says so.

    Args:
        said: The fields of `Settings` that it names.
        passed_over: What else it names, and settings can't say.
    """

    said: Mapping[str, Any] = field(default_factory=dict)
    passed_over: tuple[str, ...] = ()

    @property
    def settings(self) -> Settings:
        """The settings; what it does not say is as by default."""
        return Settings(**self.said)


def has_settings(text: str) -> bool:
    """Whether a `parameters` text says more than a prompt, and by what a picture was enlarged."""
    return any(map(_SETTINGS_LINE.match, text.split("\n")))


def read_parameters(text: str) -> Recipe:
    """The recipe in a `parameters` text.

    Raises:
        RequestError: It is no such text.
    """
    lines = text.strip("\n").split("\n")
    numbers = [number for number, line in enumerate(lines) if _SETTINGS_LINE.match(line)]
    if not numbers:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "The text with the picture's settings has no line that begins with `Steps:`.",
            "Set them by hand.",
        )
    prompt, negative = _prompts(lines[: numbers[-1]])
    pairs = {name: _unquoted(value) for name, value in _PAIR.findall(lines[numbers[-1]])}
    said: dict[str, Any] = {"prompt": prompt, "negative": negative, "count": 1}
    passed_over = [name for name, value in pairs.items() if not _take(name, value, pairs, said)]
    # A picture made from words alone keeps nothing of what was there.
    said.setdefault("strength", 1.0)
    return Recipe(said, tuple(name for name in passed_over if name not in _HARMLESS))


def _prompts(lines: list[str]) -> tuple[str, str]:
    starts = [number for number, line in enumerate(lines) if line.startswith(_NEGATIVE)]
    if not starts:
        return "\n".join(lines).strip(), ""
    negative = "\n".join(lines[starts[0] :]).removeprefix(_NEGATIVE)
    return "\n".join(lines[: starts[0]]).strip(), negative.strip()


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value.strip()


def _take(name: str, value: str, pairs: Mapping[str, str], said: dict[str, Any]) -> bool:
    """Add what a pair means; whether it means something."""
    meaning = _MEANINGS.get(name)
    if meaning is None:
        return False
    try:
        fields = meaning(value, pairs)
        dataclasses.replace(Settings(), **fields)  # which refuses what is out of range
    except (ValueError, RequestError):
        return False
    said.update(fields)
    return bool(fields)


_Meaning = Callable[[str, Mapping[str, str]], dict[str, Any]]


def _one(name: str, kind: Callable[[str], object]) -> _Meaning:
    def read(value: str, _pairs: Mapping[str, str]) -> dict[str, Any]:
        found = kind(value)
        return {} if found is None else {name: found}

    return read


def _sampler(value: str, pairs: Mapping[str, str]) -> dict[str, Any]:
    sampler, schedule = sampler_of(value)
    if schedule is None and "Schedule type" not in pairs:
        schedule = schedule_of("Automatic", sampler)
    if sampler is None:
        return {}
    return {"sampler": sampler, **({} if schedule is None else {"schedule": schedule})}


def _schedule(value: str, pairs: Mapping[str, str]) -> dict[str, Any]:
    sampler = None if _is_ours(pairs) else sampler_of(pairs.get("Sampler", ""))[0]
    schedule = schedule_of(value, sampler)
    return {} if schedule is None else {"schedule": schedule}


def _strength(value: str, pairs: Mapping[str, str]) -> dict[str, Any]:
    # Of a picture made from words and then enlarged, it is the enlargement's.
    is_hires = any(name.startswith("Hires ") for name in pairs)
    return {} if is_hires else {"strength": float(value)}


def _is_ours(pairs: Mapping[str, str]) -> bool:
    return pairs.get("Version", "").startswith("Scumble")


def _vae(value: str, pairs: Mapping[str, str]) -> dict[str, Any]:
    # Others name a VAE always; that of theirs need not be here.
    return {"vae": value} if _is_ours(pairs) else {}


def _strengths(value: str) -> tuple[float, ...]:
    return tuple(float(strength) for strength in value.split())


def _pixels(value: str) -> int:
    return round(float(value))


_MEANINGS: Mapping[str, _Meaning] = {
    "Steps": _one("steps", int),
    "Sampler": _sampler,
    "Schedule type": _schedule,
    "CFG scale": _one("cfg", float),
    "Seed": _one("seed", int),
    "Model": _one("model", str),
    "VAE": _vae,
    "Denoising strength": _strength,
    "Clip skip": _one("clip_skip", int),
    "CFG rescale": _one("cfg_rescale", float),
    "Further passes": _one("passes", _strengths),
    "Full steps": _one("full_steps", lambda value: value == "True"),
    "Detail pass": _one("hires", float),
    "Only faces": _one("only_faces", lambda value: value == "True"),
    "Resized to": _one("target", size_of),
    "Resize mode": _one("resize", ResizeMode),
    "Mask blur": _one("feather", _pixels),
    "Mask grow": _one("grow", _pixels),
    "Mask mode": _one("invert", lambda value: value == "Inpaint not masked"),
    "Masked content": _one("content", content_of),
    "Inpaint area": _one(
        "area", lambda value: Area.WHOLE if value == "Whole picture" else Area.MASKED
    ),
    "Masked area padding": _one("padding", _pixels),
}
