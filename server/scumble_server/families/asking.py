"""What a pipeline is called with for a request."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from scumble_protocol.requests import Regenerate
from scumble_server.families.family import Family, Guidance, Shown
from scumble_server.pixels import opencv
from scumble_server.pixels.crop import Crop, scaled
from scumble_server.pixels.opencv import Floats, unit

HIDDEN = 0.5
"""From this mask value on, a model that fills holes is not shown the picture (as in diffusers)."""

MOST_STEPS = 1000
"""No scheduler has more levels than it was trained with."""


def full_steps(request: Regenerate) -> int:
    """The steps of the full schedule, of which a run takes the last ones."""
    if not request.full_steps:
        return request.steps
    return min(round(request.steps / request.strength), MOST_STEPS)


def arguments(family: Family, crop: Crop, request: Regenerate, count: int) -> dict[str, Any]:
    """Everything that the pipeline takes but the latents and the callback.

    Args:
        family: Says which arguments there are.
        crop: The working picture.
        request: The prompts, steps and CFG.
        count: How many variations are made at once.
    """
    height, width = crop.image.shape[:2]
    asked: dict[str, Any] = {
        "prompt": request.prompt,
        "height": height,
        "width": width,
        "num_inference_steps": full_steps(request),
        "num_images_per_prompt": count,
        "output_type": "np",
    }
    if family.limit:
        asked["max_sequence_length"] = family.max_tokens
    return asked | _guidance(family.guidance, request) | _shown(family, crop)


def whole_picture(crop: Crop) -> Floats:
    """The working picture as it was sent: at strength 1 `crop.image` has lost what is masked."""
    color = unit(scaled(opencv.without_alpha(crop.original), crop.content))
    right = crop.working.width - crop.content.width
    sent = opencv.extended(color, right, crop.working.height - crop.content.height)
    # Around the mask, what is transparent has been given the colours of its surroundings.
    return np.where(crop.denoise[..., None] > 0, sent, crop.image)


def _guidance(guidance: Guidance, request: Regenerate) -> dict[str, Any]:
    if guidance is Guidance.DISTILLED:
        return {"guidance_scale": request.cfg}
    if guidance is Guidance.TRUE_CFG:
        # Without any negative prompt these pipelines leave guidance out.
        negative = (request.negative or " ") if request.cfg > 1 else None
        return {"true_cfg_scale": request.cfg, "negative_prompt": negative}
    scale = request.cfg - 1 if guidance is Guidance.BEYOND else request.cfg
    return {"guidance_scale": scale, "negative_prompt": request.negative}


def _shown(family: Family, crop: Crop) -> dict[str, Any]:
    if family.shown is Shown.NOTHING:
        return {}
    if family.shown is Shown.HOLE:
        hole = Image.fromarray(np.where(crop.denoise >= HIDDEN, 255, 0).astype(np.uint8))
        return {"image": _picture(crop.image), "mask_image": hole, "strength": 1.0}
    shown: dict[str, Any] = {"image": _picture(whole_picture(crop))}
    if family.resizes:
        shown |= {"max_area": crop.working.pixels, "_auto_resize": False}
    return shown


def _picture(image: Floats) -> Image.Image:
    return Image.fromarray(np.rint(image * 255).astype(np.uint8))
