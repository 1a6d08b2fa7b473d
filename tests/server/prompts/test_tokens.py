"""Passages become tokens with CLIP's vocabulary, and are counted."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scumble_server.models.clip.tokenizer import clip_tokenizer
from scumble_server.prompts.attention import parse
from scumble_server.prompts.chunks import Chunk
from scumble_server.prompts.tokens import count, make_chunks, names_in

LENGTH = 77


@cache
def tokenizer() -> Any:
    return clip_tokenizer()


def chunks_of(prompt: str, **learned: int) -> tuple[Chunk, ...]:
    return make_chunks(parse(prompt), tokenizer(), LENGTH, learned)


def words(chunk: Chunk) -> list[str]:
    names: list[str] = tokenizer().convert_ids_to_tokens([token.id for token in chunk])
    return [name.removesuffix("</w>") for name in names]


def test_a_prompt_becomes_the_tokens_of_its_words_with_their_weights() -> None:
    (chunk,) = chunks_of("a (red:1.5) apple, on wood")
    assert words(chunk) == ["a", "red", "apple", ",", "on", "wood"]
    assert [token.weight for token in chunk] == [1, 1.5, 1, 1, 1, 1]
    assert [token.is_comma for token in chunk] == [False] * 3 + [True] + [False] * 2


def test_a_word_of_several_tokens_ends_with_the_last() -> None:
    (chunk,) = chunks_of("scumble")
    assert len(chunk) > 1
    assert [token.ends_word for token in chunk] == [False] * (len(chunk) - 1) + [True]


def test_a_long_prompt_is_counted_as_people_count() -> None:
    counted = count(chunks_of("apple " * 81), LENGTH)
    assert (counted.tokens, counted.chunks, counted.length) == (81, 2, LENGTH)
    assert str(counted) == "2 × 77"  # noqa: RUF001
    assert str(count(chunks_of(""), LENGTH)) == "1 × 77"  # noqa: RUF001


def test_a_long_list_is_cut_at_a_comma() -> None:
    first, second = chunks_of(", ".join(["a very big red apple"] * 20))
    assert words(first)[-1] == ","
    assert words(second)[:3] == ["a", "very", "big"]


def test_a_name_stands_for_its_vectors() -> None:
    (chunk,) = chunks_of("a (ink-style:1.2) apple", **{"ink-style": 3, "ink": 1})
    assert [token.learned for token in chunk] == [
        None, ("ink-style", 0), ("ink-style", 1), ("ink-style", 2), None,
    ]  # fmt: skip
    assert [token.weight for token in chunk] == [1, 1.2, 1.2, 1.2, 1]
    assert [token.ends_word for token in chunk] == [True, False, False, True, True]


def test_names_are_found_as_whole_words_in_any_case() -> None:
    names = ["ink", "ink-style", "Wood"]
    assert names_in("INK-Style, embedding:ink on wood, ink", names) == ("ink-style", "ink", "Wood")
    assert names_in("inks pink woodland", names) == ()
    assert names_in("an apple", []) == ()


@given(st.text(max_size=80), st.sampled_from([{}, {"\u0131": 2, "k": 1}]))
def test_any_text_becomes_chunks_that_fit(text: str, learned: dict[str, int]) -> None:
    escaped = "".join(f"\\{letter}" if letter in "()[]\\" else letter for letter in text)
    chunks = chunks_of(escaped, **learned)
    assert all(len(chunk) <= LENGTH - 2 for chunk in chunks)
    # What a text is made of does not depend on how it is cut.
    if not learned and "BREAK" not in text:
        ids = tokenizer()(text, add_special_tokens=False, verbose=False).input_ids
        assert [token.id for chunk in chunks for token in chunk] == ids
