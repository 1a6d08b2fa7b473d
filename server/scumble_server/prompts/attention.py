r"""Attention as A1111 writes it: `(more)`, `((much more))`, `(exactly:1.3)`, `[less]`.

Round brackets multiply a weight by 1.1, square ones divide it by 1.1, and both may hold others.
A bracket that nothing opens is text. One that nothing closes reaches to the end. A backslash makes
a bracket text, and is itself dropped. `BREAK` begins a new chunk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scumble_protocol.errors import ErrorCode, RequestError

STEP = 1.1
"""What one pair of brackets multiplies or divides by."""

MOST = 10.0
"""The largest weight; far beyond what gives a picture."""

_MARK = re.compile(
    r"""
      \\(?P<escaped>.?)
    | (?P<opens>[(\[])
    | :\s*(?P<weight>[+-]?(?:[\d.]+(?:[eE][+-]?\d+)?|(?i:nan|inf|infinity)))\s*\)
    | (?P<closes>[)\]])
    | \b(?P<breaks>BREAK)\b\s*
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING = {")": "(", "]": "["}


@dataclass(frozen=True)
class Passage:
    """A stretch of text and its weight, -10 to 10; 1 leaves it as it is."""

    text: str
    weight: float = 1.0


Section = tuple[Passage, ...]
"""What stands between two BREAKs; may be empty."""


def parse(prompt: str) -> tuple[Section, ...]:
    """The sections of a prompt, at least one.

    Neighbouring passages of a section have different weights, so a prompt without brackets is one
    passage with its very text.

    Raises:
        RequestError: A weight is no number, or beyond -10 to 10.
    """
    reader = _Reader()
    end = 0
    for mark in _MARK.finditer(prompt):
        text = prompt[end : mark.start()]
        reader.add(text.rstrip() if mark["breaks"] else text)
        reader.take(mark)
        end = mark.end()
    reader.add(prompt[end:])
    return tuple(_section(pieces) for pieces in reader.finish())


@dataclass
class _Piece:
    text: str
    weight: float = 1.0


class _Reader:
    """Collects pieces, and weighs all those since a bracket was opened when it is closed."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._breaks: list[int] = []
        # The two kinds of brackets don't know of each other: in `(a [b) c]` both hold `b`.
        self._open: dict[str, list[int]] = {"(": [], "[": []}

    def add(self, text: str) -> None:
        if text:
            self._pieces.append(_Piece(text))

    def take(self, mark: re.Match[str]) -> None:
        if mark["breaks"]:
            self._breaks.append(len(self._pieces))
        elif mark["opens"]:
            self._open[mark["opens"]].append(len(self._pieces))
        elif mark["weight"] and self._open["("]:
            self._weigh(self._open["("].pop(), _number(mark["weight"]))
        elif mark["closes"] and self._open[_OPENING[mark["closes"]]]:
            self._close(_OPENING[mark["closes"]])
        else:
            self.add(mark["escaped"] if mark["escaped"] is not None else mark[0])

    def finish(self) -> list[list[_Piece]]:
        for kind, begun in self._open.items():
            while begun:
                self._close(kind)
        edges = [0, *self._breaks, len(self._pieces)]
        sections = [self._pieces[begin:end] for begin, end in pairwise(edges)]
        # A BREAK with nothing behind it begins nothing.
        return sections if sections[-1] else sections[:-1] or [[]]

    def _close(self, kind: str) -> None:
        self._weigh(self._open[kind].pop(), STEP if kind == "(" else 1 / STEP)

    def _weigh(self, begin: int, factor: float) -> None:
        for piece in self._pieces[begin:]:
            piece.weight *= factor


def _section(pieces: Sequence[_Piece]) -> Section:
    passages: list[Passage] = []
    for piece in pieces:
        _check(piece.weight, piece.text)
        if passages and passages[-1].weight == piece.weight:
            passages[-1] = Passage(passages[-1].text + piece.text, piece.weight)
        else:
            passages.append(Passage(piece.text, piece.weight))
    return tuple(passages)


def _number(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"In the prompt, {written!r} is no weight.",
            r"Write a number like 1.3, or \) for a bracket that is meant as such.",
        ) from None


def _check(weight: float, text: str) -> None:
    if not -MOST <= weight <= MOST:  # which no NaN is
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The weight of {text.strip()[:40]!r} in the prompt is {weight:g}.",
            rf"It must be from {-MOST:g} to {MOST:g}; write \( and \) for brackets that are meant "
            "as such.",
        )
