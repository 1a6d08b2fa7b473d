"""Long prompts are cut at commas and between words, and nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scumble_server.prompts.chunks import Token, cut

ROOM = 75
WORD, COMMA, PART = Token(1), Token(2, is_comma=True), Token(3, ends_word=False)


def lengths(*sections: list[Token], room: int = ROOM) -> list[int]:
    return [len(chunk) for chunk in cut(sections, room)]


def test_what_fits_is_one_chunk() -> None:
    assert lengths() == [0]
    assert lengths([]) == [0]
    assert lengths([WORD] * 75) == [75]


def test_what_does_not_fit_goes_on_in_the_next_chunk() -> None:
    assert lengths([WORD] * 76) == [75, 1]
    assert lengths([WORD] * 200) == [75, 75, 50]


def test_each_section_begins_a_chunk() -> None:
    assert lengths([WORD] * 3, [WORD] * 80, []) == [3, 75, 5, 0]


def test_a_full_chunk_ends_after_a_comma_that_is_near() -> None:
    assert lengths([*[WORD] * 59, COMMA, *[WORD] * 40]) == [60, 40]
    assert lengths([*[WORD] * 55, COMMA, *[WORD] * 40]) == [56, 40]
    assert lengths([*[WORD] * 54, COMMA, *[WORD] * 40]) == [75, 20]
    assert lengths([*[WORD] * 74, COMMA, *[WORD] * 40]) == [75, 40]


def test_a_comma_that_comes_just_too_late_begins_the_next_chunk() -> None:
    assert lengths([*[WORD] * 70, COMMA, *[WORD] * 4, COMMA, WORD]) == [75, 2]


def test_no_word_is_split_that_fits_a_chunk() -> None:
    assert lengths([*[WORD] * 73, PART, PART, PART, WORD, WORD]) == [73, 5]
    assert lengths([*[PART] * 100, WORD]) == [75, 26]


@given(
    st.lists(st.lists(st.sampled_from([WORD, COMMA, PART]), max_size=40), max_size=4),
    st.integers(1, 30),
)
def test_every_token_is_kept_in_order_and_no_chunk_is_too_long(
    sections: list[list[Token]], room: int
) -> None:
    chunks = cut(sections, room)
    assert [token for chunk in chunks for token in chunk] == [
        token for section in sections for token in section
    ]
    assert all(len(chunk) <= room for chunk in chunks)
    assert len(chunks) >= max(1, len(sections))
