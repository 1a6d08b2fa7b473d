"""Style presets: a few words around the prompt, and settings if need be, each in a file of its own.

A style is a JSON object in `NAME.json` with any of `title`, `prompt`, `negative`, `model`,
`sampler`, `schedule`, `steps` and `cfg`. Those that come with Scumble say nothing of the last five,
since what suits a model is known to the model. A file of the user's own with the same name takes
its place.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scumble_protocol.checks import check_number
from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError

SHIPPED = Path(__file__).parent / "shipped_styles"
OWN = "styles"
"""The user's folder of styles, inside the state folder."""

HERE = "{prompt}"
"""Where in a style the painter's words go; a style without it follows them."""

_TYPES = {
    "title": (str,),
    "prompt": (str,),
    "negative": (str,),
    "model": (str,),
    "sampler": (str,),
    "schedule": (str,),
    "steps": (int,),
    "cfg": (int, float),
}

MOST_BYTES = 2**20
"""The longest style that is read."""


@dataclass(frozen=True)
class Style:
    """One style.

    Args:
        name: What it is asked for by.
        title: What it is shown as.
        prompt: Words to put around the prompt or, without `{prompt}`, behind it.
        negative: The same for the negative prompt.
        model: A model id; empty to leave the model.
        sampler: A sampler; None to leave it.
        schedule: A schedule; None to leave it.
        steps: Steps, 1 to 200; None to leave them.
        cfg: Guidance scale, 1 to 30; None to leave it.

    Raises:
        RequestError: A number is out of its range.
    """

    name: str
    title: str
    prompt: str = HERE
    negative: str = HERE
    model: str = ""
    sampler: Sampler | None = None
    schedule: Schedule | None = None
    steps: int | None = None
    cfg: float | None = None

    def __post_init__(self) -> None:
        if self.steps is not None:
            check_number("The number of steps", self.steps, 1, 200)
        if self.cfg is not None:
            check_number("CFG", self.cfg, 1, 30)

    def applied(self, settings: Settings) -> Settings:
        """The settings with this style: words put around both prompts, and what it sets."""
        return self.worded(dataclasses.replace(settings, **self.sets))

    def worded(self, settings: Settings) -> Settings:
        """The settings with this style's words around both prompts, and nothing else of it."""
        return dataclasses.replace(
            settings,
            prompt=_around(self.prompt, settings.prompt),
            negative=_around(self.negative, settings.negative),
        )

    @property
    def sets(self) -> Mapping[str, Any]:
        """What it sets besides words, by the names of `Settings`."""
        return {
            name: value
            for name in ("model", "sampler", "schedule", "steps", "cfg")
            if (value := getattr(self, name))
        }


@dataclass(frozen=True)
class Styles:
    """The styles that there are.

    Args:
        usable: Those that can be used, by name, in order.
        broken: What is wrong with the files of the others, by name.
    """

    usable: Mapping[str, Style] = field(default_factory=dict)
    broken: Mapping[str, RequestError] = field(default_factory=dict)

    @classmethod
    def read(cls, *folders: Path) -> Styles:
        """The styles in some folders, of which the last has the last word; they need not exist."""
        files = {path.stem: path for folder in folders for path in sorted(folder.glob("*.json"))}
        found = {name: _attempt(files[name]) for name in sorted(files)}
        return cls(
            {name: style for name, style in found.items() if isinstance(style, Style)},
            {name: error for name, error in found.items() if isinstance(error, RequestError)},
        )

    def get(self, name: str) -> Style:
        """The style of a name.

        Raises:
            RequestError: There is none, or its file is not what it should be.
        """
        if name in self.usable:
            return self.usable[name]
        if name in self.broken:
            raise self.broken[name]
        near = difflib.get_close_matches(name, self.usable, n=1, cutoff=0.5)
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"There is no style {name!r}.",
            f"Did you mean {near[0]}?" if near else f"There is {', '.join(self.usable)}.",
        )


def read_style(path: Path) -> Style:
    """The style in a file.

    Raises:
        RequestError: The file is no style; the sentence says why.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise _no_style(path, "it is too long")
        values = json.loads(text.decode("utf-8"))
        return Style(path.stem, **{"title": path.stem, **_values(values)})
    except OSError as error:
        raise _no_style(path, f"it can't be read ({error.strerror})") from error
    except RecursionError as error:
        raise _no_style(path, "it is nested too deeply") from error
    except (ValueError, TypeError) as error:
        raise _no_style(path, str(error)) from error
    except RequestError as error:
        raise _no_style(path, error.message.rstrip(".")) from error


def _attempt(path: Path) -> Style | RequestError:
    try:
        return read_style(path)
    except RequestError as error:
        return error


def _values(values: object) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise TypeError("it is no JSON object")
    for name, value in values.items():
        if name not in _TYPES:
            raise TypeError(f"it has {name!r}, which is none of {', '.join(_TYPES)}")
        if type(value) not in _TYPES[name]:
            raise TypeError(f"{name} is {value!r}")
    kinds = {"sampler": Sampler, "schedule": Schedule}
    return {name: kinds[name](value) if name in kinds else value for name, value in values.items()}


def _around(style: str, said: str) -> str:
    """The style's words with the painter's in their place; no comma is left where one is empty."""
    if HERE not in style:
        return ", ".join(filter(None, (said.strip(), style.strip())))
    placed = style.replace(HERE, said.strip())
    return placed if said.strip() else placed.strip(" ,")


def _no_style(path: Path, why: str) -> RequestError:
    return RequestError(
        ErrorCode.INVALID_VALUE,
        f"The style file {path} can't be used: {why}.",
        "Correct it, or delete it.",
    )
