"""What a painter can set for a job, as one frozen value."""

from __future__ import annotations

import dataclasses
import enum
import json
import typing
from dataclasses import dataclass
from types import UnionType
from typing import Any

from scumble_protocol.checks import check_number
from scumble_protocol.choices import MaskedContent, ResizeMode, Sampler, Schedule, modern
from scumble_protocol.editor.canvas import Source
from scumble_protocol.editor.guides import ControlLayer, ReferenceLayer, RegionLayer
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import ModelInfo
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import MAX_GUIDES, Regenerate

NO_BLOB = "0" * 32
"""Stands for the id of a picture that was not read yet."""


class Area(str, enum.Enum):
    """What the model works on."""

    MASKED = "masked"
    """What is selected, with some of its surroundings (A1111: only masked)."""
    WHOLE = "whole"
    """The whole picture, of which only what is selected is made anew."""


@dataclass(frozen=True)
class Settings:
    """The settings of a regeneration; `Settings()` holds the defaults.

    The fields that are not described here mean what they mean in `Regenerate`, and have its ranges.

    Args:
        model: A model id; empty for the first diffusion model that the server offers.
        seed: The seed of the first variation; None for a new one each time.
        grow: None for as much as suits the size of the selection.
        feather: None for as much as suits the size of the selection.
        padding: Pixels around the mask that the model sees as well, 0 to 4096.
        area: What the model works on.
        source: What of the picture the model gets to see.
        controls: The controls, by the layers that they are read from.
        references: The references, by their layers.
        regions: The regions, by their layers, from bottom to top.

    Raises:
        RequestError: A value is out of its range.
    """

    model: str = ""
    prompt: str = ""
    negative: str = ""
    strength: float = 0.8
    sampler: Sampler = Sampler.DPMPP_2M
    schedule: Schedule = Schedule.KARRAS
    steps: int = 20
    cfg: float = 7.0
    seed: int | None = None
    count: int = 1
    grow: int | None = 4
    feather: int | None = 8
    padding: int = 32
    area: Area = Area.MASKED
    match_color: bool = True
    content: MaskedContent = MaskedContent.ORIGINAL
    source: Source = Source.VISIBLE
    full_steps: bool = False
    passes: tuple[float, ...] = ()
    batch: int = 1
    clip_skip: int = 1
    cfg_rescale: float = 0.0
    invert: bool = False
    hires: float = 0.0
    target: Size | None = None
    resize: ResizeMode = ResizeMode.STRETCH
    only_faces: bool = False
    vae: str = ""
    controls: tuple[ControlLayer, ...] = ()
    references: tuple[ReferenceLayer, ...] = ()
    regions: tuple[RegionLayer, ...] = ()

    def __post_init__(self) -> None:
        check_number("Padding", self.padding, 0, 4096)
        for guides in (self.controls, self.references, self.regions):
            check_number(
                "The number of controls, references or regions", len(guides), 0, MAX_GUIDES
            )
        # A request for a single pixel: its constructor knows the ranges, and nobody else needs to.
        pixel = ImageRef(NO_BLOB, Size(1, 1), PixelFormat.RGBA8)
        mask = dataclasses.replace(pixel, format=PixelFormat.GRAY8)
        dataclasses.replace(
            self.request(0, canvas=Size(1, 1), context=Rect(0, 0, 1, 1), image=pixel, mask=mask),
            controls=tuple(control.control(pixel) for control in self.controls),
            references=tuple(reference.reference(pixel) for reference in self.references),
        )

    def request(
        self, new_seed: int, *, canvas: Size, context: Rect, image: ImageRef, mask: ImageRef
    ) -> Regenerate:
        """The request for these pixels, without what layers guide it by.

        `new_seed` is used if the settings have none, and where grow and feather are to suit the
        selection, `with_mask_for` has to be asked first.
        """
        taken = {name: getattr(self, name) for name in _SHARED}
        return Regenerate(
            **taken,
            seed=new_seed if self.seed is None else self.seed,
            grow=self.grow or 0,
            feather=self.feather or 0,
            canvas=canvas,
            context=context,
            image=image,
            mask=mask,
        )

    def with_mask_for(self, selection: Rect) -> Settings:
        """These settings with grow and feather as pixels, for a selection with these bounds."""
        grow, feather = automatic_rim(selection.size)
        return dataclasses.replace(
            self,
            grow=grow if self.grow is None else self.grow,
            feather=feather if self.feather is None else self.feather,
        )

    def for_model(self, model: ModelInfo) -> Settings:
        """These settings with a model and what that model recommends."""
        return dataclasses.replace(
            self,
            model=model.id,
            sampler=model.sampler,
            schedule=model.schedule,
            steps=model.steps,
            cfg=model.cfg,
        )

    @classmethod
    def of(cls, request: Regenerate) -> Settings:
        """The settings that made a request, its seed included; what it lacks is as by default."""
        names = (*_SHARED, "seed", "grow", "feather")
        return cls(**{name: getattr(request, name) for name in names})

    def to_json(self) -> str:
        """The settings as a JSON object, for an editor to remember."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Settings as remembered, perhaps by another version of Scumble.

        Unknown fields are ignored and missing ones have their defaults. The record of a request
        can be read so too; its controls, references and regions name pictures and no layers, and
        are left out.

        Raises:
            RequestError: The text is no JSON object, or a value is illegal.
        """
        try:
            remembered = json.loads(text)
            return cls(**_values(remembered))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"The remembered settings can't be read: {error}.",
                "Set them anew.",
            ) from error


def automatic_rim(selection: Size) -> tuple[int, int]:
    """Grow and feather in pixels that suit a selection: about a fortieth and a sixteenth of it.

    The geometric mean of the sides counts, so that long thin selections get thin rims.
    """
    side = selection.pixels**0.5
    return min(64, max(2, round(side / 40))), min(256, max(4, round(side / 16)))


_SHARED = tuple(
    field.name
    for field in dataclasses.fields(Regenerate)
    if field.name in {own.name for own in dataclasses.fields(Settings)}
    and field.name not in {"seed", "grow", "feather", "controls", "references", "regions"}
)
"""What a request takes from the settings as it is."""


def _values(remembered: object) -> dict[str, Any]:
    if not isinstance(remembered, dict):
        raise TypeError("they are no JSON object")
    remembered = modern(remembered)
    hints = typing.get_type_hints(Settings)
    if "image" in remembered:  # the record of a request
        remembered = {name: remembered[name] for name in remembered if name not in _GUIDES}
    return {
        name: _value(name, remembered[name], hint)
        for name, hint in hints.items()
        if name in remembered
    }


_GUIDES = frozenset({"controls", "references", "regions"})


def _value(name: str, value: object, hint: Any) -> Any:
    """A value of a type from what JSON made of it; `TypeError` if it has another type."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) in {typing.Union, UnionType}:
        return None if value is None else _value(name, value, arguments[0])
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise TypeError(f"{name} is {value!r}")
        return tuple(_value(name, item, arguments[0]) for item in value)
    if dataclasses.is_dataclass(hint):
        return _record(name, value, typing.cast("type", hint))
    if issubclass(hint, enum.Enum):
        return hint(value)
    if type(value) is not hint and not (hint is float and type(value) is int):
        raise TypeError(f"{name} is {value!r}")
    return value


def _record(name: str, value: object, kind: type) -> Any:
    if not isinstance(value, dict):
        raise TypeError(f"{name} is {value!r}")
    hints = typing.get_type_hints(kind)
    return kind(
        **{field: _value(field, value[field], hints[field]) for field in value if field in hints}
    )
