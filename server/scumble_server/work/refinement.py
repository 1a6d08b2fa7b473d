"""How an upscale is refined, in the words of `Regenerate`, which models are asked in."""

from __future__ import annotations

from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate, Upscale


def as_regenerate(request: Upscale) -> Regenerate | None:
    """What the refinement asks of its model; None where there is none, or at strength 0.

    Its pictures stand for those of the upscale and are not read.
    """
    asked = request.refinement
    if asked is None or not asked.strength:
        return None
    return Regenerate(
        model=asked.model,
        prompt=asked.prompt,
        negative=asked.negative,
        strength=asked.strength,
        sampler=asked.sampler,
        schedule=asked.schedule,
        steps=asked.steps,
        cfg=asked.cfg,
        seed=asked.seed,
        count=1,
        grow=0,
        feather=0,
        match_color=False,
        canvas=request.canvas,
        context=request.context,
        image=request.image,
        mask=ImageRef(request.image.blob, request.context.size, PixelFormat.GRAY8),
    )
