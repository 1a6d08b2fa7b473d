"""What a prompt leaves to chance: `{red|green|blue}` and `__colour__`, decided by a seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from scumble_protocol.errors import ErrorCode, RequestError

Lines = Callable[[str], Sequence[str]]
"""Gives what a wildcard stands for, one or more texts; raises RequestError for an unknown name."""

MOST_CHOICES = 500
"""Choices in one prompt; more means that wildcards name each other in a circle."""

MOST_CHARACTERS = 20_000
"""Of a prompt when all is decided."""

_BRACES = re.compile(r"\\.|\{((?:\\.|[^{}\\])*)\}", re.DOTALL)
_WILDCARD = re.compile(r"\\.|__([^\W_](?:[\w./-]*?[^\W_])?)__(?!_)", re.DOTALL)
_BAR = re.compile(r"(?<!\\)\|")
_SHARE = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)::")


def decide(text: str, seed: str, lines: Lines) -> str:
    r"""The text with every choice made; deciding it again changes nothing.

    `{a|b}` becomes one of its parts, which may be empty; `{3::a|b}` is `a` three times out of four.
    `__name__` becomes one of the wildcard's lines. Both may hold further choices. A brace without
    its partner stays, as does what a backslash stands before: `\{`.

    Args:
        text: A prompt.
        seed: The same text and seed give the same choices, on every machine.
        lines: Looks a wildcard up.

    Raises:
        RequestError: A wildcard is unknown, or the choices never end.
    """
    # Only `random()` itself is promised to stay the same from one Python to the next.
    draw = random.Random(f"scumble {seed}").random  # noqa: S311 (a picture, no secret)
    for _ in range(MOST_CHOICES):
        if found := _find(_BRACES, text):
            chosen = _one_of(_BAR.split(found[1]), draw)
        elif found := _find(_WILDCARD, text):
            named = lines(found[1])
            chosen = named[int(draw() * len(named))]
        else:
            return text
        text = text[: found.start()] + chosen + text[found.end() :]
        if len(text) > MOST_CHARACTERS:
            break
    raise RequestError(
        ErrorCode.INVALID_VALUE,
        f"The choices in {text[:40]!r} … don't come to an end.",
        "See whether wildcards name each other in a circle.",
    )


def _find(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match that is more than a backslash with what it stands before."""
    return next((match for match in pattern.finditer(text) if match[1] is not None), None)


def _one_of(options: Sequence[str], draw: Callable[[], float]) -> str:
    shares = [float(match[1]) if (match := _SHARE.match(option)) else 1.0 for option in options]
    texts = [_SHARE.sub("", option, count=1) for option in options]
    at = draw() * sum(shares)
    for text, share in zip(texts, shares, strict=True):
        at -= share
        if at < 0:
            return text
    return texts[-1]
