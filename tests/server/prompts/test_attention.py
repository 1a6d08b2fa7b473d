"""Weights are read as A1111 reads them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.prompts.attention import MOST, Passage, parse

MARKED = st.text(st.sampled_from("ab ,()[]:.0123456789\\-+eBREAKnan<>{}|_\n"), max_size=40)


def weighed(prompt: str) -> list[tuple[str, float]]:
    """Text and weight of each passage of a prompt with one section, to five digits."""
    (section,) = parse(prompt)
    return [(passage.text, round(passage.weight, 5)) for passage in section]


@pytest.mark.parametrize(
    ("prompt", "passages"),
    [
        ("", []),
        ("a red apple", [("a red apple", 1)]),
        ("a (red) apple", [("a ", 1), ("red", 1.1), (" apple", 1)]),
        ("((red))", [("red", 1.21)]),
        ("(((red)))", [("red", 1.331)]),
        ("[red]", [("red", 0.90909)]),
        ("[[red]]", [("red", 0.82645)]),
        ("(red:1.3)", [("red", 1.3)]),
        ("(red : 1.3 )", [("red ", 1.3)]),
        ("(red:.5)", [("red", 0.5)]),
        ("(red:-1)", [("red", -1)]),
        ("(red:+2)", [("red", 2)]),
        ("((red:2))", [("red", 2.2)]),
        ("((red) apple:2)", [("red", 2.2), (" apple", 2)]),
        ("(a [b] c)", [("a ", 1.1), ("b", 1), (" c", 1.1)]),
        ("(a [b) c]", [("a ", 1.1), ("b", 1), (" c", 0.90909)]),
        ("(round)(brackets)", [("roundbrackets", 1.1)]),
        ("()", []),
    ],
)
def test_brackets_weigh_what_they_hold(prompt: str, passages: list[tuple[str, float]]) -> None:
    assert weighed(prompt) == passages


@pytest.mark.parametrize(
    ("prompt", "passages"),
    [
        (r"smile \(art\)", [("smile (art)", 1)]),
        (r"\[a\]", [("[a]", 1)]),
        (r"(a\):1.5)", [("a)", 1.5)]),
        (r"a \\ b", [("a \\ b", 1)]),
        (r"a\b", [("ab", 1)]),
        ("end\\", [("end", 1)]),
        (r"\{a\|b\}", [("{a|b}", 1)]),
    ],
)
def test_a_backslash_makes_brackets_text(prompt: str, passages: list[tuple[str, float]]) -> None:
    assert weighed(prompt) == passages


@pytest.mark.parametrize(
    ("prompt", "passages"),
    [
        ("a) b]", [("a) b]", 1)]),
        ("(a b", [("a b", 1.1)]),
        ("a ((b", [("a ", 1), ("b", 1.21)]),
        ("a [b", [("a ", 1), ("b", 0.90909)]),
        ("a:1.5) b", [("a:1.5) b", 1)]),
        ("[a:1.5]", [("a:1.5", 0.90909)]),
        ("12:30", [("12:30", 1)]),
        ("(a:b)", [("a:b", 1.1)]),
    ],
)
def test_what_does_not_match_is_text_or_reaches_to_the_end(
    prompt: str, passages: list[tuple[str, float]]
) -> None:
    assert weighed(prompt) == passages


def test_break_parts_sections_and_takes_the_spaces_around_it() -> None:
    assert parse("a apple BREAK  on wood") == ((Passage("a apple"),), (Passage("on wood"),))
    assert parse("(a BREAK b:2)") == ((Passage("a", 2),), (Passage("b", 2),))
    assert parse("a BREAK") == ((Passage("a"),),)
    assert parse("BREAK") == ((),)
    assert parse("BREAK a") == ((), (Passage("a"),))
    assert parse("BREAKFAST break") == ((Passage("BREAKFAST break"),),)


@pytest.mark.parametrize(
    "weight", ["1e9", "-1e9", "nan", "NaN", "inf", "-Infinity", "10.5", "1000", "1.2.3", "."]
)
def test_an_absurd_weight_is_refused_by_its_name(weight: str) -> None:
    with pytest.raises(RequestError) as raised:
        parse(f"a (red:{weight}) apple")
    assert raised.value.code is ErrorCode.INVALID_VALUE
    assert weight in raised.value.message or "red" in raised.value.message
    assert "must be" in raised.value.hint or "Write" in raised.value.hint


def test_so_many_brackets_that_the_weight_is_absurd_are_refused() -> None:
    assert weighed("(" * 24 + "red" + ")" * 24) == [("red", 9.84973)]
    with pytest.raises(RequestError, match=r"'red' in the prompt is 10\.8"):
        parse("(" * 25 + "red" + ")" * 25)
    with pytest.raises(RequestError, match="weight"):
        parse("(" * 8000 + "red")


@given(MARKED | st.text(max_size=60))
def test_any_text_gives_sane_weights_or_is_refused(prompt: str) -> None:
    try:
        sections = parse(prompt)
    except RequestError:
        return
    assert sections
    for section in sections:
        for passage in section:
            assert passage.text
            assert math.isfinite(passage.weight)
            assert abs(passage.weight) <= MOST


@given(st.text(st.characters(exclude_characters="()[]:\\"), max_size=60))
def test_a_text_without_marks_is_one_passage_as_it_is(prompt: str) -> None:
    if "BREAK" in prompt:
        return
    assert parse(prompt) == (((Passage(prompt),) if prompt else ()),)


@given(st.text(max_size=60))
def test_an_escaped_text_is_itself(text: str) -> None:
    escaped = "".join(f"\\{letter}" if letter in "()[]\\" else letter for letter in text)
    if "BREAK" not in text:
        assert parse(escaped) == (((Passage(text),) if text else ()),)
