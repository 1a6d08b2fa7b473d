"""Calls to GIMP that must not fail silently, and changes that are one undo step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scumble_gimp.host import Gimp
from scumble_protocol.errors import ErrorCode, ServerError


def must(succeeded: bool) -> None:
    """Refuse the `False` by which GIMP's calls say that they failed.

    Raises:
        ServerError: With GIMP's own words.
    """
    if not succeeded:
        reason = Gimp.get_pdb().get_last_error().rstrip(".")
        raise ServerError(
            ErrorCode.INTERNAL, f"GIMP would not change the picture: {reason}.", "Try it again."
        )


@contextmanager
def one_undo_step(image: Gimp.Image) -> Iterator[None]:
    """Whatever is done to the image in the block is undone together."""
    must(image.undo_group_start())
    try:
        yield
    finally:
        image.undo_group_end()


@contextmanager
def no_undo_step(image: Gimp.Image) -> Iterator[None]:
    """What is done to the image in the block is not remembered by its undo history."""
    must(image.undo_freeze())
    try:
        yield
    finally:
        image.undo_thaw()
