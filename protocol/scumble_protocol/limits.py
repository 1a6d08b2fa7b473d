"""Whether a request keeps to the sizes that a server accepts."""

from __future__ import annotations

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Size
from scumble_protocol.messages import Limits
from scumble_protocol.requests import Regenerate, Request, Upscale


def check_request(request: Request, limits: Limits) -> None:
    """Refuse a request whose pictures, result or prompt are above the limits.

    Raises:
        RequestError: With the code `too_large`, naming the size and the limit.
    """
    if len({image.blob for image in request.blobs}) > limits.blobs_per_job:
        raise RequestError(
            ErrorCode.TOO_LARGE,
            f"The request names {len(request.blobs)} pictures.",
            f"It may name {limits.blobs_per_job} at most; use fewer guides.",
        )
    for image in request.blobs:
        _check_size("The picture", image.size, limits)
    if isinstance(request, Upscale):
        _check_size("The enlarged picture", request.target, limits)
    if isinstance(request, Regenerate):
        if request.target is not None:
            _check_size("The result", request.target, limits)
        _check_prompt("The prompt", request.prompt, limits)
        _check_prompt("The negative prompt", request.negative, limits)
        for region in request.regions:
            _check_prompt("The prompt of a region", region.prompt, limits)
    if isinstance(request, Upscale) and request.refinement is not None:
        _check_prompt("The prompt", request.refinement.prompt, limits)
        _check_prompt("The negative prompt", request.refinement.negative, limits)


def _check_size(name: str, size: Size, limits: Limits) -> None:
    if max(size.width, size.height) > limits.image_side:
        raise RequestError(
            ErrorCode.TOO_LARGE,
            f"{name} is {size} pixels.",
            f"A side may have {limits.image_side} pixels at most; choose a smaller area.",
        )
    if size.pixels > limits.image_pixels:
        raise RequestError(
            ErrorCode.TOO_LARGE,
            f"{name} has {size.pixels} pixels ({size}).",
            f"It may have {limits.image_pixels} at most; choose a smaller area.",
        )


def _check_prompt(name: str, prompt: str, limits: Limits) -> None:
    if len(prompt) > limits.prompt_chars:
        raise RequestError(
            ErrorCode.TOO_LARGE,
            f"{name} is {len(prompt)} characters long.",
            f"It may have {limits.prompt_chars} at most; shorten it.",
        )
