"""One press of the button: everything that a painter has set, as one frozen value."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scumble_protocol.checks import check_number
from scumble_protocol.choices import MaskedContent
from scumble_protocol.editor.canvas import Margins
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.errors import ScumbleError


@dataclass(frozen=True)
class Order:
    """What to do, and how.

    Args:
        mode: What to do.
        settings: For every mode; of an upscale, for its refinement.
        scale: The factor of `UPSCALE`, 1 to 16.
        upscaler: Its model; empty for the one that suits the factor.
        margins: For `EXPAND`, how much to add to each side.
        style: The name of a style whose words are put around the prompts; empty for none.
        refine: Denoising strength of the pass of a model over what `REMOVE` or `UPSCALE` made, 0
            (none) to 1.
        second: Another upscaler, whose result is mixed in; empty for none.
        blend: How much of the second one's result is in the mixture, 0 to 1.

    Raises:
        RequestError: A number is out of its range.
    """

    mode: Mode = Mode.REGENERATE
    settings: Settings = Settings()  # noqa: RUF009 (frozen, so it can be shared)
    scale: float = 2.0
    upscaler: str = ""
    margins: Margins = Margins()  # noqa: RUF009
    style: str = ""
    refine: float = 0.0
    second: str = ""
    blend: float = 0.5

    def __post_init__(self) -> None:
        check_number("The factor", self.scale, 1, 16)
        check_number("The strength of the refinement", self.refine, 0, 1)
        check_number("The share of the second upscaler", self.blend, 0, 1)

    @property
    def effective(self) -> Settings:
        """The settings as the mode means them: what fills or expands keeps nothing that was."""
        settings = self.settings
        if self.mode in {Mode.FILL, Mode.EXPAND, Mode.REMOVE}:
            settings = dataclasses.replace(settings, only_faces=False, target=None)
        if self.mode in {Mode.FILL, Mode.EXPAND}:
            settings = dataclasses.replace(settings, strength=1.0, content=MaskedContent.FILL)
        if self.mode is Mode.REMOVE:
            # Removing needs no words, and what guides to something else would bring that.
            settings = dataclasses.replace(
                settings, prompt="", strength=self.refine, content=MaskedContent.REMOVE,
                controls=(), references=(), regions=(),
            )  # fmt: skip
        if self.mode in {Mode.EXPAND, Mode.REMOVE}:
            settings = dataclasses.replace(settings, invert=False, area=Area.MASKED)
        return settings

    @property
    def prompt(self) -> str:
        """The prompt in one line, without spaces around it."""
        return " ".join(self.settings.prompt.split())

    def with_new_seed(self) -> Order:
        """The same once more, from another seed."""
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, seed=None))

    def to_json(self) -> str:
        """The order as a JSON object, for an editor to remember."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Order:
        """An order as remembered; what can't be read of it is as by default.

        Raises:
            RequestError: The settings in it are illegal.
        """
        try:
            remembered = json.loads(text)
        except ValueError:
            return cls()
        return cls._of(remembered) if isinstance(remembered, dict) else cls()

    @classmethod
    def _of(cls, remembered: Mapping[str, Any]) -> Order:
        settings = Settings.from_json(json.dumps(remembered.get("settings", {})))
        default = cls()
        try:
            return cls(
                mode=Mode(remembered["mode"]),
                settings=settings,
                scale=float(remembered["scale"]),
                upscaler=str(remembered["upscaler"]),
                margins=Margins(**remembered["margins"]),
                style=str(remembered.get("style", default.style)),
                refine=float(remembered.get("refine", default.refine)),
                second=str(remembered.get("second", default.second)),
                blend=float(remembered.get("blend", default.blend)),
            )
        except (KeyError, TypeError, ValueError, ScumbleError):
            return cls(settings=settings)
