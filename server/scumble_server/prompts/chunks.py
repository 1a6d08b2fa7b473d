"""Prompts longer than the text encoder reads at once are cut into chunks, where they may be cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NEAR = 20
"""A comma so many tokens before the end of a full chunk is where it is cut, as in A1111."""


@dataclass(frozen=True)
class Token:
    """One place in a chunk.

    Args:
        id: The token's number in the vocabulary; for a vector, that of any ordinary token.
        weight: How much attention it gets.
        ends_word: Whether a chunk may end after it.
        is_comma: Whether a chunk should end after it rather than elsewhere.
        learned: The name of a textual inversion and which of its vectors this is, or None.
    """

    id: int
    weight: float = 1.0
    ends_word: bool = True
    is_comma: bool = False
    learned: tuple[str, int] | None = None


Chunk = tuple[Token, ...]


def cut(sections: Iterable[Sequence[Token]], room: int) -> tuple[Chunk, ...]:
    """Chunks of at most `room` tokens, at least one; every section but the first begins a new one.

    All tokens are kept, in order. A chunk that can't take the next token ends after the last comma
    if that is near its end, else after its last whole word; a word longer than a chunk is split.

    Args:
        sections: Tokens between BREAKs.
        room: Tokens that the text encoder reads at once, without marks of beginning and end.
    """
    return tuple(chunk for section in sections for chunk in _cut_section(section, room)) or ((),)


def _cut_section(tokens: Sequence[Token], room: int) -> Iterable[Chunk]:
    begin = 0
    while len(tokens) - begin > room:
        end = _end(tokens, begin, begin + room)
        yield tuple(tokens[begin:end])
        begin = end
    yield tuple(tokens[begin:])


def _end(tokens: Sequence[Token], begin: int, full: int) -> int:
    """Where the chunk from `begin` ends, at most at `full`."""
    if not tokens[full].is_comma:
        for end in range(full, max(begin, full - NEAR), -1):
            if tokens[end - 1].is_comma:
                return end
    for end in range(full, begin, -1):
        if tokens[end - 1].ends_word:
            return end
    return full
