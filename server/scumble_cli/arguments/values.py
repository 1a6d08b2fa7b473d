"""What the values on the command line mean."""

from __future__ import annotations

import argparse
import difflib
import enum
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size

AUTO = "auto"
"""Stands for what suits the selection, where a number of pixels could be."""

_Choice = TypeVar("_Choice", bound=enum.Enum)


def rectangle(text: str) -> Rect:
    """`X,Y,W,H` in whole pixels.

    Raises:
        argparse.ArgumentTypeError: It is not four whole numbers: wrong usage.
        RequestError: The rectangle is empty.
    """
    try:
        x, y, width, height = (int(number) for number in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not X,Y,W,H in whole pixels") from None
    return Rect(x, y, width, height)


def size(text: str) -> Size:
    """`WxH` in whole pixels.

    Raises:
        argparse.ArgumentTypeError: It is not two whole numbers: wrong usage.
        RequestError: It is empty or too large.
    """
    try:
        width, height = (int(number) for number in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not WxH in whole pixels") from None
    return Size(width, height)


def pixels(text: str) -> int | str:
    """A number of pixels, or `AUTO`."""
    return AUTO if text.lower() == AUTO else int(text)


def folder(text: str) -> Path:
    """A path as the shell would take it, made absolute."""
    return Path(text).expanduser().absolute()


def model(text: str) -> str:
    """The id of a model; a path is made absolute, since the server runs in another folder."""
    looks_like_path = os.sep in text or text.endswith((".safetensors", ".pth"))
    path = Path(text).expanduser()
    return str(path.resolve()) if looks_like_path and path.exists() else text


def choice(kind: type[_Choice], name: str, hint: str = "") -> Callable[[str], _Choice]:
    """Reads one of an enum's values, however it is capitalised, `-` and `_` being the same.

    Args:
        kind: The enum.
        name: What it is called in the sentence that says what there is.
        hint: More to say there.
    """

    def read(text: str) -> _Choice:
        wanted = text.strip().lower().replace("-", "_")
        named = {member.value: member for member in kind}
        if wanted in named:
            return named[wanted]
        near = difflib.get_close_matches(wanted, named, n=1, cutoff=0.7)
        proposal = f"Did you mean {near[0]}?" if near else f"Choose one of: {', '.join(named)}."
        raise RequestError(
            ErrorCode.INVALID_VALUE, f"There is no {name} {text!r}.", hint or proposal
        )

    return read
