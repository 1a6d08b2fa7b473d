"""What `--control`, `--reference` and `--region` mean.

A guide is `KIND=FILE`, and what more is to be said of it follows after commas, for instance
`canny=edges.png,weight=0.8,end=0.5,raw`. A comma that nothing known follows is part of the file's
name.
"""

from __future__ import annotations

import argparse
from typing import Any

from scumble_cli.arguments.values import choice
from scumble_protocol.editor.guides import ControlLayer, ReferenceLayer, RegionLayer
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import ControlKind, ReferenceKind

_NUMBERS = ("weight", "start", "end")
_control_kind = choice(ControlKind, "control")
_reference_kind = choice(ReferenceKind, "reference")


def control(text: str) -> ControlLayer:
    """`KIND[:MODEL][=FILE][,weight=W][,start=S][,end=E][,raw][,show]`.

    Without a file the picture itself is read; `raw` says that the file is a control picture
    already, `show` that the one that was made of it is to come back too.

    Raises:
        RequestError: There is no such kind, or a number is none.
    """
    guide, more = _parted(text, ("raw", "show"))
    named, _, file = guide.partition("=")
    kind, _, model = named.partition(":")
    numbers = {name: value for name, value in more.items() if name in _NUMBERS}
    return ControlLayer(
        _control_kind(kind),
        layer=file,
        preprocess="raw" not in more,
        model=model,
        show="show" in more,
        **numbers,
    )


def reference(text: str) -> ReferenceLayer:
    """`KIND[:MODEL]=FILE[,weight=W][,start=S][,end=E]`.

    Raises:
        argparse.ArgumentTypeError: There is no file: wrong usage.
        RequestError: There is no such kind, or a number is none.
    """
    guide, numbers = _parted(text, ())
    named, _, file = guide.partition("=")
    kind, _, model = named.partition(":")
    if not file:
        raise argparse.ArgumentTypeError(f"{text!r} is not KIND=FILE")
    return ReferenceLayer(_reference_kind(kind), layer=file, model=model, **numbers)


def region(text: str) -> RegionLayer:
    """`PROMPT=FILE`; the last `=` counts, since a prompt may hold some.

    Raises:
        argparse.ArgumentTypeError: There is no file: wrong usage.
    """
    prompt, _, file = text.rpartition("=")
    if not prompt.strip() or not file:
        raise argparse.ArgumentTypeError(f"{text!r} is not PROMPT=FILE")
    return RegionLayer(layer=file, prompt=prompt.strip())


def _parted(text: str, words: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """The guide itself, and what follows it after commas: numbers, and the words that were said."""
    more: dict[str, Any] = {}
    rest = text
    while True:
        before, comma, last = rest.rpartition(",")
        name, equals, value = last.strip().partition("=")
        if not comma or not (name in _NUMBERS if equals else name in words):
            return rest, more
        more[name] = _number(name, value, text) if equals else True
        rest = before


def _number(name: str, value: str, text: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{value!r} in {text!r} is no number.",
            f"Write for instance {name}=0.8.",
        ) from error
