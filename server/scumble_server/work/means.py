"""What a job is done with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_server.pixels.opencv import Samples
from scumble_server.prompts.library import Library
from scumble_server.work.report import Reporter
from scumble_server.work.stopwatch import Stopwatch

if TYPE_CHECKING:
    from scumble_server.control.addition import Addition
    from scumble_server.control.catalog import Additions
    from scumble_server.control.sources import AdditionSource
    from scumble_server.models.model import Model
    from scumble_server.spec import ModelSpec
    from scumble_server.upscale.face_restorer import FaceRestorer
    from scumble_server.upscale.upscaler import Upscaler

Blobs = Callable[[str], bytes]
"""Gives the bytes of a blob that the request names."""


class Shelf(Protocol):
    """Where models are had from; it loads what is not in memory."""

    def get(self, model: str, report: Reporter) -> Model | Upscaler | FaceRestorer:
        """The model of that id; raises RequestError or ServerError when it can't be had."""

    def load(self, model: str, report: Reporter) -> None:
        """Have a model in memory, or what is added to models on this machine; raises as `get`."""

    @property
    def additions(self) -> Additions:
        """What there is to be added to models."""
        ...

    def addition(self, source: AdditionSource, report: Reporter) -> Addition:
        """What is added to the model that was asked for last; raises as `get`."""
        ...

    def spec_of(self, model: str) -> ModelSpec | None:
        """What a diffusion model needs, without loading it; None if that can't be known yet."""

    def put_others_away(self) -> tuple[str, ...]:
        """Put away every model that the job does not use; gives their ids."""


@dataclass(frozen=True)
class Means:
    """What a job is done with.

    Args:
        blobs: Gives the request's pictures.
        shelf: Gives its models.
        library: Gives the files that prompts name.
        report: Told how it goes; raises `Cancelled` where the job shall stop.
        watch: Told which phase begins.
        notes: Takes what was done otherwise than asked, each in a sentence for people.
    """

    blobs: Blobs
    shelf: Shelf
    library: Library
    report: Reporter
    watch: Stopwatch
    notes: list[str] = field(default_factory=list)

    def note(self, said: str) -> None:
        """Take a sentence about what was done otherwise than asked, once."""
        if said not in self.notes:
            self.notes.append(said)

    def read(self, image: ImageRef) -> Samples:
        """A blob as an array: uint8 (height, width) of a mask, uint8 or uint16 (…, 4) of a picture.

        Raises:
            RequestError: The blob has another length than the picture.
        """
        data = self.blobs(image.blob)
        if len(data) != image.length:
            raise RequestError(
                ErrorCode.BAD_PICTURE,
                f"The picture has {len(data)} bytes instead of {image.length}.",
                "Send it again.",
            )
        sample = np.dtype("<u2" if image.format is PixelFormat.RGBA16 else "u1")
        channels = () if image.format is PixelFormat.GRAY8 else (4,)
        array = np.frombuffer(data, sample).reshape(image.size.height, image.size.width, *channels)
        return array.astype(sample.newbyteorder("="), copy=False)
