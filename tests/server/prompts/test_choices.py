"""Choices are made by the seed, the same on every machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.errors import RequestError
from scumble_server.prompts.choices import MOST_CHARACTERS, decide

FILES = {
    "colour": ["red", "green", "{light|dark} blue"],
    "trees/leafy": ["oak", "lime"],
    "picture": ["a __colour__ house", "an __trees/leafy__"],
    "circle": ["__circle__"],
    "growing": ["__growing__ and __growing__"],
    "huge": ["x" * 15_000 + " __huge__"],
}


def lines(name: str) -> Sequence[str]:
    try:
        return FILES[name]
    except KeyError:
        raise RequestError(code="invalid_value", message=name) from None  # type: ignore[arg-type]


def all_of(text: str, seeds: int = 200) -> Counter[str]:
    """How often each result comes over so many seeds."""
    return Counter(decide(text, str(seed), lines) for seed in range(seeds))


def test_one_of_the_parts_is_chosen_about_as_often_as_another() -> None:
    counts = all_of("a {red|green|blue} apple", 600)
    assert counts.keys() == {"a red apple", "a green apple", "a blue apple"}
    assert min(counts.values()) > 150


def test_the_seed_decides_and_these_seeds_always_decide_so() -> None:
    chosen = [decide("{a|b|c|d} {a|b|c|d}", f"{seed} prompt", lines) for seed in range(6)]
    assert chosen == ["d c", "a b", "b c", "d d", "b b", "a b"]


def test_parts_may_be_empty_and_hold_choices() -> None:
    assert all_of("a {|big {red|green}} apple").keys() == {
        "a  apple",
        "a big red apple",
        "a big green apple",
    }
    assert decide("{only}", "0", lines) == "only"


def test_a_part_with_a_share_comes_that_much_more_often() -> None:
    counts = all_of("{3::a|b}", 1000)
    assert 0.7 < counts["a"] / 1000 < 0.8
    assert all_of("{0::a|b}").keys() == {"b"}
    assert all_of("{0::a|0::b}").keys() == {"b"}


def test_wildcards_stand_for_lines_which_may_hold_choices_and_wildcards() -> None:
    assert all_of("__picture__", 400).keys() == {
        "a red house",
        "a green house",
        "a light blue house",
        "a dark blue house",
        "an oak",
        "an lime",
    }
    assert all_of("{__colour__|x}")["x"] > 50


@pytest.mark.parametrize(
    "text", ["a { b", "a } b", "a | b", "____", "__", "snake_case__name", r"\{a|b\}", r"\__a__"]
)
def test_what_is_no_choice_stays_as_it_is(text: str) -> None:
    assert decide(text, "0", lines) == text


def test_an_escaped_bar_does_not_part() -> None:
    assert decide(r"{a\|b}", "0", lines) == r"a\|b"


@pytest.mark.parametrize("text", ["__circle__", "__growing__", "__huge__"])
def test_wildcards_in_a_circle_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="circle"):
        decide(text, "0", lines)


def test_an_unknown_wildcard_is_refused() -> None:
    with pytest.raises(RequestError):
        decide("a __nothing__", "0", lines)


@given(st.text(st.sampled_from("ab{}|\\_:0123. "), max_size=50), st.integers(0, 2**63))
def test_a_decided_text_is_decided_and_the_same_each_time(text: str, seed: int) -> None:
    def any_lines(_name: str) -> Sequence[str]:
        return ("{a|b}", "c_", "|")

    decided = decide(text, str(seed), any_lines)
    assert decided == decide(text, str(seed), any_lines)
    assert decide(decided, "another", any_lines) == decided
    assert len(decided) <= MOST_CHARACTERS
