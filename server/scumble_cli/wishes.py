"""From the command line to settings: what was said, what it is to be like, what suits the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scumble_cli.arguments.values import AUTO
from scumble_cli.commands.styles import all_styles
from scumble_protocol.choices import schedule_with
from scumble_protocol.editor.dropped import recipe_of_file
from scumble_protocol.editor.foreign_recipe import Recipe
from scumble_protocol.editor.settings import Settings
from scumble_protocol.messages import ModelInfo, ModelKind

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_protocol.editor.styles import Style

SAME_NAME = (
    "prompt", "negative", "strength", "sampler", "schedule", "steps", "cfg", "count", "batch",
    "clip_skip", "cfg_rescale", "vae", "full_steps", "padding", "area", "content", "hires",
    "invert", "only_faces", "resize",
)  # fmt: skip
"""The settings that are options of the same name."""

SEVERAL = ("passes", "controls", "references", "regions")
"""Options that may be said several times."""

RANDOM = -1


@dataclass(frozen=True)
class Wish:
    """How something is to be made.

    Args:
        said: The settings that were said.
        usual: Those that the command has by itself, where nothing else is said.
        like: Those of the picture that it is to be like.
        style: The style that was named.
        model: The model to use; empty for the server's first.
        passed_over: What the picture that it is to be like says, and settings can't.
    """

    said: Mapping[str, Any] = field(default_factory=dict)
    usual: Mapping[str, Any] = field(default_factory=dict)
    like: Mapping[str, Any] = field(default_factory=dict)
    style: Style | None = None
    model: str = ""
    passed_over: tuple[str, ...] = ()

    @classmethod
    def of(cls, arguments: Namespace, **usual: Any) -> Wish:
        """The wish on a command line.

        Raises:
            RequestError: There is no such style, or the file to be like does not say how it was
                made.
        """
        style = all_styles().get(arguments.style) if arguments.style else None
        recipe = recipe_of_file(Path(arguments.like), guides=True) if arguments.like else Recipe()
        like = dict(recipe.said)
        named = style.model if style is not None else ""
        model = arguments.model or named or like.get("model", "")
        return cls(_said(arguments), usual, like, style, model, recipe.passed_over)

    def checked(self) -> Settings:
        """The settings as far as they are known before a server is asked.

        Raises:
            RequestError: A value is out of its range.
        """
        return self._over(Settings(model=self.model))

    def settings(self, models: Iterable[ModelInfo]) -> Settings:
        """The settings, where nothing was said those that the model recommends.

        A model that is not among those offered is left for the studio to speak of.
        """
        for info in models:
            if info.kind is ModelKind.DIFFUSION and self.model in {"", info.id}:
                return self._over(Settings().for_model(info))
        return self.checked()

    def _over(self, settings: Settings) -> Settings:
        """These settings, and over them what is wished for."""
        like = {name: value for name, value in self.like.items() if name != "model"}
        words = {name: self.said[name] for name in ("prompt", "negative") if name in self.said}
        settings = dataclasses.replace(settings, **{**self.usual, **like, **words})
        if self.style is not None:
            model = settings.model
            settings = dataclasses.replace(self.style.applied(settings), model=model)
        rest = {name: value for name, value in self.said.items() if name not in words}
        settings = dataclasses.replace(settings, **rest)
        if "schedule" in self.said:
            return settings
        # Who chose another sampler has not asked for the schedule that goes with the first.
        schedule = schedule_with(settings.sampler, settings.schedule)
        return dataclasses.replace(settings, schedule=schedule)


def _said(arguments: Namespace) -> dict[str, Any]:
    values = {name: getattr(arguments, name, None) for name in SAME_NAME}
    values |= {"target": getattr(arguments, "size", None)}
    values |= {"match_color": False if arguments.keep_color else None}
    said = {name: value for name, value in values.items() if value is not None}
    said |= {
        name: tuple(several) for name in SEVERAL if (several := getattr(arguments, name, None))
    }
    for name in ("grow", "feather"):
        pixels = getattr(arguments, name)
        if pixels is not None:
            said[name] = None if pixels == AUTO else pixels
    if arguments.seed is not None:
        said["seed"] = None if arguments.seed == RANDOM else arguments.seed
    return said


def offered(models: Iterable[ModelInfo], wanted: str) -> str:
    """The id of a model as the server has it, where files of others leave the ending out."""
    ids = [model.id for model in models]
    endings = ("", ".safetensors", ".pth")
    return next((wanted + ending for ending in endings if wanted + ending in ids), wanted)
