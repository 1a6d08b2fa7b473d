"""Jobs for the tests of tiles, hires and faces: their pictures in memory, and how they are run."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scumble_protocol.blobs import blob_id
from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Refinement, Regenerate, Request, Upscale
from scumble_server.pixels.compose import Layer
from scumble_server.pixels.opencv import Mask, Picture, Samples
from scumble_server.run import run
from scumble_server.work.made import Result
from scumble_server.work.means import Shelf
from scumble_server.work.report import Report


@dataclass
class Desk:
    """Runs requests with the models of a shelf, and keeps what is told meanwhile."""

    shelf: Shelf
    told: list[Report] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)

    def keep(self, samples: Samples) -> ImageRef:
        """A picture or mask as a blob."""
        height, width = samples.shape[:2]
        kind = PixelFormat.GRAY8 if samples.ndim == 2 else PixelFormat.RGBA8
        if samples.dtype == np.uint16:
            kind = PixelFormat.RGBA16
        data = samples.tobytes()
        self.blobs[blob_id(data)] = data
        return ImageRef(blob_id(data), Size(width, height), kind)

    def run(self, request: Request) -> Result:
        """Do a job."""
        return run(request, self.blobs.__getitem__, self.shelf, self.told.append)

    def upscale(
        self,
        picture: Picture,
        scale: float,
        refinement: Refinement | None = None,
        *,
        model: str = "lanczos",
    ) -> Upscale:
        """An upscale of a whole canvas."""
        image = self.keep(picture)
        rect = Rect.of(image.size)
        return Upscale(model, scale, image.size, rect, image, refinement=refinement)

    def regenerate(self, picture: Picture, mask: Mask, model: str) -> Regenerate:
        """A whole canvas made anew under a mask, quickly."""
        image = self.keep(picture)
        return Regenerate(
            model=model,
            prompt="a red apple",
            negative="",
            strength=1.0,
            sampler=Sampler.DDIM,
            steps=4,
            cfg=1.0,
            seed=7,
            count=1,
            grow=0,
            feather=0,
            match_color=False,
            canvas=image.size,
            context=Rect.of(image.size),
            image=image,
            mask=self.keep(mask),
        )


def refinement(
    model: str, strength: float, *, tile: int = 0, overlap: int = 16, tile_control: bool = False
) -> Refinement:
    """A refinement of few steps."""
    return Refinement(
        model=model,
        prompt="a red apple",
        negative="",
        strength=strength,
        sampler=Sampler.DDIM,
        schedule=Schedule.AUTOMATIC,
        steps=4,
        cfg=1.0,
        seed=3,
        tile=tile,
        overlap=overlap,
        tile_control=tile_control,
    )


def composited(picture: Picture, layer: Layer) -> Picture:
    """The picture with a layer over it, as an editor shows it."""
    rect = layer.rect
    result: Picture = picture.copy()
    area = np.s_[rect.y : rect.bottom, rect.x : rect.right]
    share = layer.mask[..., None] / 255
    below = picture[area].astype(np.float64)
    result[area] = np.rint(below + (layer.pixels - below) * share).astype(picture.dtype)
    return result
