"""One press of the button: everything that a painter has set, as one frozen value."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scumble_protocol.choices import MaskedContent
from scumble_protocol.editor.canvas import Margins
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ScumbleError


@dataclass(frozen=True)
class Order:
    """What to do, and how.

    Args:
        mode: What to do.
        settings: For every mode but `UPSCALE`.
        scale: The factor of `UPSCALE`, 1 to 8.
        upscaler: Its model; empty for the one that suits the factor.
        margins: For `EXPAND`, how much to add to each side.
    """

    mode: Mode = Mode.REGENERATE
    settings: Settings = Settings()  # noqa: RUF009 (frozen, so it can be shared)
    scale: float = 2.0
    upscaler: str = ""
    margins: Margins = Margins()  # noqa: RUF009

    @property
    def effective(self) -> Settings:
        """The settings as the mode means them: what fills or expands keeps nothing that was."""
        if self.mode in {Mode.FILL, Mode.EXPAND}:
            return dataclasses.replace(self.settings, strength=1.0, content=MaskedContent.FILL)
        return self.settings

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
        try:
            return cls(
                mode=Mode(remembered["mode"]),
                settings=settings,
                scale=float(remembered["scale"]),
                upscaler=str(remembered["upscaler"]),
                margins=Margins(**remembered["margins"]),
            )
        except (KeyError, TypeError, ValueError, ScumbleError):
            return cls(settings=settings)
