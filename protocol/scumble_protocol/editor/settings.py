"""What a painter can set for a job, as one frozen value."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scumble_protocol.editor.canvas import Source
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import ModelInfo
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import ImageRef, MaskedContent, Regenerate, Sampler, check_number

NO_BLOB = "0" * 32
"""Stands for the id of a picture that was not read yet."""


@dataclass(frozen=True)
class Settings:
    """The settings of a regeneration; `Settings()` holds the defaults.

    The fields that are not described here mean what they mean in `Regenerate`, and have its ranges.

    Args:
        model: A model id; empty for the first diffusion model that the server offers.
        seed: The seed of the first variation; None for a new one each time.
        padding: Pixels around the mask that the model sees as well, 0 to 4096.
        source: What of the picture the model gets to see.

    Raises:
        RequestError: A value is out of its range.
    """

    model: str = ""
    prompt: str = ""
    negative: str = ""
    strength: float = 0.8
    sampler: Sampler = Sampler.DPMPP_2M_KARRAS
    steps: int = 20
    cfg: float = 7.0
    seed: int | None = None
    count: int = 1
    grow: int = 4
    feather: int = 8
    padding: int = 32
    match_color: bool = True
    content: MaskedContent = MaskedContent.ORIGINAL
    source: Source = Source.VISIBLE

    def __post_init__(self) -> None:
        check_number("Padding", self.padding, 0, 4096)
        # A request for a single pixel: its constructor knows the ranges, and nobody else needs to.
        pixel = ImageRef(NO_BLOB, Size(1, 1), PixelFormat.RGBA8)
        mask = dataclasses.replace(pixel, format=PixelFormat.GRAY8)
        self.request(0, canvas=Size(1, 1), context=Rect(0, 0, 1, 1), image=pixel, mask=mask)

    def request(
        self, new_seed: int, *, canvas: Size, context: Rect, image: ImageRef, mask: ImageRef
    ) -> Regenerate:
        """The complete request for these pixels; `new_seed` is used if the settings have none."""
        return Regenerate(
            model=self.model,
            prompt=self.prompt,
            negative=self.negative,
            strength=self.strength,
            sampler=self.sampler,
            steps=self.steps,
            cfg=self.cfg,
            seed=new_seed if self.seed is None else self.seed,
            count=self.count,
            grow=self.grow,
            feather=self.feather,
            match_color=self.match_color,
            content=self.content,
            canvas=canvas,
            context=context,
            image=image,
            mask=mask,
        )

    def for_model(self, model: ModelInfo) -> Settings:
        """These settings with a model and what that model recommends."""
        return dataclasses.replace(
            self, model=model.id, sampler=model.sampler, steps=model.steps, cfg=model.cfg
        )

    @classmethod
    def of(cls, request: Regenerate) -> Settings:
        """The settings that made a request, its seed included; what it lacks is as by default."""
        names = {field.name for field in dataclasses.fields(cls)} - {"padding", "source"}
        return cls(**{name: getattr(request, name) for name in names})

    def to_json(self) -> str:
        """The settings as a JSON object, for an editor to remember."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Settings as remembered, perhaps by another version of Scumble.

        Unknown fields are ignored and missing ones have their defaults.

        Raises:
            RequestError: The text is no JSON object, or a value is illegal.
        """
        try:
            remembered = json.loads(text)
            return cls(**_values(remembered))
        except (ValueError, TypeError) as error:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"The remembered settings can't be read: {error}.",
                "Set them anew.",
            ) from error


def _values(remembered: object) -> dict[str, Any]:
    if not isinstance(remembered, dict):
        raise TypeError("they are no JSON object")
    fields = [field for field in dataclasses.fields(Settings) if field.name in remembered]
    return {f.name: _value(f.name, remembered[f.name], f.default) for f in fields}


def _value(name: str, value: object, default: object) -> Any:
    """A field's value from what JSON made of it; `TypeError` if it has another type."""
    if isinstance(default, enum.Enum):
        return type(default)(value)
    if type(value) not in _TYPES.get(type(default), (type(default),)):
        raise TypeError(f"{name} is {value!r}")
    return value


_TYPES: Mapping[type, tuple[type, ...]] = {float: (float, int), type(None): (int, type(None))}
"""What a field may be in JSON, by the type of its default, where it may be more than that."""
