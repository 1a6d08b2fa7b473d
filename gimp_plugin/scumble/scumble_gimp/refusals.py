"""Images that Scumble can't work on, and what the painter can do about it."""

from __future__ import annotations

from scumble_gimp.host import Gimp
from scumble_protocol.errors import ErrorCode, RequestError


def is_indexed(image: Gimp.Image) -> bool:
    """Whether the image has a palette, into which a result would be squeezed."""
    return bool(image.get_base_type() == Gimp.ImageBaseType.INDEXED)


def refuse_unworkable(image: Gimp.Image) -> None:
    """Refuse an image that no result could be made for.

    Raises:
        RequestError: It is closed, indexed, or has a floating selection.
    """
    if not image.is_valid():
        raise RequestError(
            ErrorCode.CANVAS_GONE, "The picture is not open any longer.", "Open it again."
        )
    if is_indexed(image):
        raise RequestError(
            ErrorCode.BAD_PICTURE,
            "This picture has a palette (indexed colours), in which no result can be shown.",
            "Choose Image ▸ Mode ▸ RGB, and try again.",
        )
    if image.get_floating_sel() is not None:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "The picture has a floating selection.",
            "Anchor it (Layer ▸ Anchor Layer) or make it a layer (Layer ▸ To New Layer), "
            "and try again.",
        )
