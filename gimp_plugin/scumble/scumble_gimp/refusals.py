"""Images that Scumble can't work on, and what the painter can do about it."""

from __future__ import annotations

from typing import Final

from scumble_gimp.host import Gimp
from scumble_protocol.errors import ErrorCode, RequestError

_QUICK_MASK: Final = "Qmask"
"""The channel that is Quick Mask while that is on; GIMP itself knows it by this name."""


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


def refuse_quick_mask(image: Gimp.Image) -> None:
    """Refuse to take the selection while Quick Mask is on: GIMP says then that nothing is selected.

    Raises:
        RequestError: It is on.
    """
    if image.get_channel_by_name(_QUICK_MASK) is not None:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "Quick Mask is on, so that nothing is selected yet.",
            "Choose Select ▸ Toggle Quick Mask, and try again.",
        )
