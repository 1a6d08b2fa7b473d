"""From passages to tokens, with a model's own tokenizer, and how many there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scumble_server.prompts.attention import Passage, Section
from scumble_server.prompts.chunks import Chunk, Token, cut

MARKS = 2
"""A chunk begins and ends with a token that says so."""

_WORD_END = "</w>"


@dataclass(frozen=True)
class Count:
    """How long a prompt is.

    Args:
        tokens: Its tokens, without marks and padding.
        chunks: How many times the text encoder reads.
        length: Tokens of a chunk with its marks, 77 for CLIP.
    """

    tokens: int
    chunks: int
    length: int

    def __str__(self) -> str:
        return f"{self.chunks} × {self.length}"  # noqa: RUF001 (as people write it)


def make_chunks(
    sections: Iterable[Section], tokenizer: Any, length: int, learned: Mapping[str, int]
) -> tuple[Chunk, ...]:
    """The chunks of a prompt.

    Args:
        sections: As `attention.parse` gives them.
        tokenizer: A tokenizer of transformers whose tokens are marked where a word ends.
        length: Tokens that the text encoder reads at once, the marks of beginning and end included.
        learned: How many vectors each textual inversion has, by its name.
    """
    names = _pattern(learned)
    tokens = [
        [token for passage in section for token in _tokens(passage, tokenizer, learned, names)]
        for section in sections
    ]
    return cut(tokens, length - MARKS)


def count(chunks: Sequence[Chunk], length: int) -> Count:
    """How long a prompt of these chunks is; `length` as in `make_chunks`."""
    return Count(sum(map(len, chunks)), len(chunks), length)


def names_in(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """The textual inversions that a text names, each once; letters' case does not matter."""
    known = tuple(names)
    pattern = _pattern(known)
    found = pattern.findall(text) if pattern else ()
    return tuple(dict.fromkeys(_meant(written, known) for written in found))


def _tokens(
    passage: Passage,
    tokenizer: Any,
    learned: Mapping[str, int],
    names: re.Pattern[str] | None,
) -> Iterable[Token]:
    # Splitting at a pattern with one group gives text, name, text, name, …, text.
    pieces = names.split(passage.text) if names else [passage.text]
    for place, piece in enumerate(pieces):
        if place % 2:
            yield from _vectors(_meant(piece, learned), passage.weight, tokenizer, learned)
        else:
            yield from _words(piece, passage.weight, tokenizer)


def _words(text: str, weight: float, tokenizer: Any) -> Iterable[Token]:
    ids = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
    for number, name in zip(ids, tokenizer.convert_ids_to_tokens(ids), strict=True):
        yield Token(int(number), weight, name.endswith(_WORD_END), name == f",{_WORD_END}")


def _vectors(
    name: str, weight: float, tokenizer: Any, learned: Mapping[str, int]
) -> Iterable[Token]:
    # An ordinary token in their place: that of the end would end the text for the pooled output.
    place_holder = int(tokenizer.convert_tokens_to_ids(f",{_WORD_END}"))
    vectors = learned[name]
    for number in range(vectors):
        yield Token(place_holder, weight, number + 1 == vectors, learned=(name, number))


def _meant(written: str, names: Iterable[str]) -> str:
    # By the same rule as the pattern: `lower()` has another idea of a few letters' case.
    return next(name for name in names if re.fullmatch(re.escape(name), written, re.IGNORECASE))


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    # The longest first, so that `cat-2` is not taken for `cat`.
    ordered = sorted(names, key=len, reverse=True)
    if not ordered:
        return None
    either = "|".join(re.escape(name) for name in ordered)
    return re.compile(rf"(?<![\w-])(?:embedding:\s*)?({either})(?![\w-])", re.IGNORECASE)
